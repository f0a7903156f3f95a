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

// The status of an error page that says 200 must not be taken for that of the probe's own trouble: only a page counts.
Probe probe_of(const Observation& seen, const std::string& address) {
  Probe probe;
  if (seen.outcome != Outcome::fetched) return probe;
  const auto url = net::Url::parse(seen.final_address);
  const auto document = extract::extract(seen.body, {seen.content_type, url ? url->path() : "", seen.content_language});
  if (!document) return probe;
  probe.found = true;
  if (seen.final_address != address) probe.final_address = seen.final_address;
  probe.sketch = sketch_of(document->title, document->text, address);
  return probe;
}

}  // namespace

// What is known of the host, and young enough; null: nothing.
Result<SyncPass::HostProbes*> SyncPass::probes_of(const std::string& origin) {
  if (const auto found = probes_.find(origin); found != probes_.end()) return &found->second;
  RENVOI_TRY(const auto record, catalog_.host(origin));
  if (!record || record->probed_at + options_.probe_each_s <= clock_.now()) return nullptr;
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

// `address`, which cannot exist, was asked for because of `reading`: beside it first, elsewhere then.
Result<void> SyncPass::note_probe(const Reading& reading, const std::string& address, const Observation& seen) {
  const std::string origin = origin_of(reading.wanted.address);
  RENVOI_TRY(HostProbes * probes, probes_of(origin));
  if (probes == nullptr) {
    HostProbes asked;
    asked.asked_at = clock_.now();
    asked.folder = folder_of_address(reading.wanted.address);
    asked.beside = probe_of(seen, address);
    probes = &probes_.insert_or_assign(origin, std::move(asked)).first->second;
  } else {
    probes->elsewhere = probe_of(seen, address);
  }
  std::string text = probes->folder + "\n" + to_string(probes->beside);
  if (probes->elsewhere) text += "\n" + to_string(*probes->elsewhere);
  return catalog_.set_host({origin, probes->asked_at, std::move(text)});
}

// Whether the host says the same of what cannot exist. One likeness is not enough: where the last part of an address is
// decoration (/articles/12/any-title), the page beside is the page itself. So the page must say that it is missing, or
// the host give that answer elsewhere too.
Result<SyncPass::Likeness> SyncPass::answers_anything(const Reading& reading, bool known_text, bool says_missing) {
  const std::string& address = reading.wanted.address;
  const auto url = net::Url::parse(address);
  if (!url || !options_.probe || is_home(*url) || address == source_.address) return Likeness{};
  RENVOI_TRY(HostProbes * probes, probes_of(url->origin()));
  if (probes == nullptr) {
    if (known_text) return Likeness{};
    return Likeness{false, probe_address(address, folder_of_address(address), clock_.now() / kDay_s)};
  }
  if (!probes->beside.found) return Likeness{};
  const TextSketch page = sketch_of(reading.document.title, reading.document.text, address);
  if (!resembles(probes->beside, page, address, reading.seen.final_address)) return Likeness{};
  if (says_missing) return Likeness{true};
  if (!probes->elsewhere) {
    const bool scoped = scope_ && (source_.kind == SourceKind::site || source_.kind == SourceKind::sitemap);
    const std::string folder = scoped && scope_->prefix().ends_with('/') ? scope_->prefix() : "/";
    return Likeness{false, probe_address(address, folder, probes->asked_at / kDay_s + 1'000'000)};
  }
  return Likeness{resembles(*probes->elsewhere, page, address, reading.seen.final_address)};
}

Result<SyncPass::Judgment> SyncPass::unmask(const Reading& reading) {
  if (has_local_documents(source_.kind)) return Judgment{};
  const auto& [wanted, known, seen, document] = reading;
  const auto taken_for = [&](Outcome outcome, std::string reason) {
    return Judgment{as(reading.seen, outcome, std::move(reason))};
  };
  const bool known_text = known && known->indexed && known->fingerprint == fingerprint(document.text);
  PageVerdict verdict;
  if (!known_text) verdict = judge_page({document.title, document.text, seen.body, wanted.address, seen.final_address});
  if (verdict.kind == PageKind::login || verdict.kind == PageKind::captcha)
    return taken_for(Outcome::blocked, verdict.reason);
  if (verdict.kind == PageKind::parking) return taken_for(Outcome::missing, verdict.reason);
  const bool says_missing = verdict.kind == PageKind::not_found;
  RENVOI_TRY(Likeness likeness, answers_anything(reading, known_text, says_missing));
  if (!likeness.ask.empty()) return Judgment{{}, std::move(likeness.ask)};
  if (likeness.same) return taken_for(Outcome::missing, "soft 404: its host says the same of a page that cannot exist");
  if (says_missing) return taken_for(Outcome::missing, "soft 404: " + verdict.reason);
  if (!known_text && converges(seen))
    return taken_for(Outcome::missing, "soft 404: several addresses lead to " + seen.final_address);
  return Judgment{};
}

}  // namespace renvoi::crawl
