// What a pass does about pages that are not what their status 200 says.
#include "base/hash.h"
#include "crawl/sync_pass.h"
#include "extract/extract.h"

namespace renvoi::crawl {

using catalog::Reference;
using catalog::ReferenceState;
using catalog::SourceKind;

namespace {

constexpr std::int64_t kDay_s = 86'400;

bool is_home(const net::Url& url) { return url.path_and_query() == "/"; }

std::string folder_of_address(const std::string& address) {
  const auto url = net::Url::parse(address);
  return url ? folder_of(url->path()) : "/";
}

Observation as(const Observation& seen, Outcome outcome, std::string reason) {
  Observation told = seen;
  told.outcome = outcome;
  told.reason = std::move(reason);
  told.body.clear();
  return told;
}

}  // namespace

// The status of an error page that says 200 must not be taken for that of the probe's own trouble: only a page counts.
Probe SyncPass::ask_probe(const std::string& address) {
  Probe probe;
  const Observation seen = fetcher_.fetch({address, {}, source_.policy, false}, stop_);
  if (seen.outcome != Outcome::fetched) return probe;
  const auto url = net::Url::parse(seen.final_address);
  const auto document = extract::extract(seen.body, {seen.content_type, url ? url->path() : "", seen.content_language});
  if (!document) return probe;
  probe.found = true;
  if (seen.final_address != address) probe.final_address = seen.final_address;
  probe.sketch = sketch_of(document->title, document->text, address);
  return probe;
}

// Null: nothing is known of the host, and it may not be asked.
Result<SyncPass::HostProbes*> SyncPass::probes_of(const std::string& address, bool may_ask) {
  const auto url = net::Url::parse(address);
  if (!url || !options_.probe) return nullptr;
  const std::string origin = url->origin();
  const Timestamp now = clock_.now();
  if (const auto found = probes_.find(origin); found != probes_.end()) return &found->second;
  RENVOI_TRY(const auto record, catalog_.host(origin));
  if (record && record->probed_at + options_.probe_each_s > now) {
    const std::string& text = record->probe;
    const std::size_t first = text.find('\n'), second = text.find('\n', first + 1);
    HostProbes held;
    held.asked_at = record->probed_at;
    held.folder = text.substr(0, first);
    if (first != std::string::npos)
      held.beside = parse_probe(text.substr(first + 1, second - first - 1)).value_or(Probe{});
    if (second != std::string::npos) held.elsewhere = parse_probe(text.substr(second + 1));
    return &probes_.emplace(origin, std::move(held)).first->second;
  }
  if (!may_ask || stop_.stop_requested()) return nullptr;
  HostProbes asked;
  asked.asked_at = now;
  asked.folder = folder_of_address(address);
  asked.beside = ask_probe(probe_address(address, asked.folder, now / kDay_s));
  RENVOI_CHECK(catalog_.set_host({origin, now, asked.folder + "\n" + to_string(asked.beside)}));
  return &probes_.emplace(origin, std::move(asked)).first->second;
}

// Whether the host says the same of what cannot exist. One likeness is not enough: where the last part of an address is
// decoration (/articles/12/any-title), the page beside is the page itself. So the page must say that it is missing, or
// the host give that answer elsewhere too.
Result<bool> SyncPass::answers_anything(const Wanted& wanted, bool known_text, const Observation& seen,
                                        const extract::Document& document, bool says_missing) {
  const auto url = net::Url::parse(wanted.address);
  if (!url || is_home(*url) || wanted.address == source_.address) return false;
  RENVOI_TRY(HostProbes * probes, probes_of(wanted.address, !known_text));
  if (probes == nullptr || !probes->beside.found) return false;
  const TextSketch page = sketch_of(document.title, document.text, wanted.address);
  if (!resembles(probes->beside, page, wanted.address, seen.final_address)) return false;
  if (says_missing) return true;
  if (!probes->elsewhere) {
    const bool scoped = scope_ && (source_.kind == SourceKind::site || source_.kind == SourceKind::sitemap);
    std::string folder = scoped && scope_->prefix().ends_with('/') ? scope_->prefix() : "/";
    const std::string address = probe_address(wanted.address, folder, probes->asked_at / kDay_s + 1'000'000);
    probes->elsewhere = ask_probe(address);
    RENVOI_CHECK(
        catalog_.set_host({url->origin(), probes->asked_at,
                           probes->folder + "\n" + to_string(probes->beside) + "\n" + to_string(*probes->elsewhere)}));
  }
  return resembles(*probes->elsewhere, page, wanted.address, seen.final_address);
}

Result<std::optional<Observation>> SyncPass::unmask(const Wanted& wanted, const std::optional<Reference>& known,
                                                    const Observation& seen, const extract::Document& document) {
  using Told = std::optional<Observation>;
  if (has_local_documents(source_.kind)) return Told();
  const bool known_text = known && known->indexed && known->fingerprint == fingerprint(document.text);
  PageVerdict verdict;
  if (!known_text) verdict = judge_page({document.title, document.text, seen.body, wanted.address, seen.final_address});
  if (verdict.kind == PageKind::login || verdict.kind == PageKind::captcha)
    return Told(as(seen, Outcome::blocked, verdict.reason));
  if (verdict.kind == PageKind::parking) return Told(as(seen, Outcome::missing, verdict.reason));
  const bool says_missing = verdict.kind == PageKind::not_found;
  RENVOI_TRY(const bool anything, answers_anything(wanted, known_text, seen, document, says_missing));
  if (anything) return Told(as(seen, Outcome::missing, "soft 404: its host says the same of a page that cannot exist"));
  if (says_missing) return Told(as(seen, Outcome::missing, "soft 404: " + verdict.reason));
  if (!known_text && converges(seen))
    return Told(as(seen, Outcome::missing, "soft 404: several addresses lead to " + seen.final_address));
  return Told();
}

}  // namespace renvoi::crawl
