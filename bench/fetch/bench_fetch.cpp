// Pages a second through the crawler's own path: agenda, look-ahead, robots.txt, pace, guard, curl. No index.
// bench_fetch MODE HOSTS URLS AT_ONCE
//   HOSTS  a file of lines "name address": the resolver. URLS  a file of addresses, in order.
//   MODE   fetch        every page is read
//          conditional  every page is read once, then (that is timed) asked whether it has changed
//          extract      read, and its text extracted
//          sync         a whole pass over a list: catalogue, extraction, probes of soft 404; a sink that only
//          acknowledges
// Prints one line of JSON.
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "crawl/agenda.h"
#include "crawl/look_ahead.h"
#include "crawl/sync.h"
#include "extract/extract.h"
#include "net/url.h"

namespace {

using namespace renvoi;
using Time = std::chrono::steady_clock;
using Addresses = std::vector<std::string>;

class FileResolver final : public net::Resolver {
 public:
  explicit FileResolver(const std::string& file) {
    std::ifstream lines(file);
    for (std::string name, address; lines >> name >> address;)
      if (const auto ip = net::parse_ip(address)) names_[name] = *ip;
  }
  Result<std::vector<net::IpAddress>> resolve(const std::string& host, std::chrono::milliseconds,
                                              std::stop_token) override {
    const auto found = names_.find(host);
    if (found == names_.end()) return Error{ErrorCode::not_found, "no such host: " + host};
    return std::vector{found->second};
  }

 private:
  std::map<std::string, net::IpAddress> names_;
};

struct Tally {
  std::uint64_t pages = 0, unchanged = 0, failed = 0, bytes = 0, text_bytes = 0;
  std::string trouble;
};

catalog::SourcePolicy policy() {
  catalog::SourcePolicy policy;
  policy.allow_private_addresses = true;
  policy.min_delay_ms = 0;
  policy.max_pages = 1'000'000;
  return policy;
}

void look(const crawl::Observation& seen, bool with_text, Tally& tally) {
  tally.bytes += seen.body.size();
  if (seen.outcome == crawl::Outcome::not_modified) {
    ++tally.unchanged;
  } else if (seen.outcome == crawl::Outcome::fetched) {
    ++tally.pages;
    if (!with_text) return;
    const auto document = extract::extract(seen.body, {seen.content_type, "", seen.content_language});
    if (document) tally.text_bytes += document->text.size();
  } else {
    ++tally.failed;
    tally.trouble = seen.reason;
  }
}

// As SyncPass goes through its queue.
Tally go_through(const Addresses& addresses, crawl::Fetcher& fetcher, std::uint32_t at_once, bool with_text,
                 std::map<std::string, catalog::Validators>* validators, bool conditional) {
  crawl::Agenda<std::string> agenda;
  for (const std::string& address : addresses) agenda.push(net::Url::parse(address)->origin(), address);
  std::map<std::uint64_t, std::pair<std::string, std::string>> running;
  std::uint64_t ticket = 0;
  Tally tally;
  crawl::LookAhead ahead(fetcher, {at_once, 64u << 20}, {});
  while (!agenda.empty() || !running.empty()) {
    while (ahead.has_room()) {
      const auto host = agenda.next_host(Time::now());
      if (!host) break;
      crawl::Fetcher::Request request{agenda.take(*host), {}, policy(), false, {}, {}};
      if (conditional) request.validators = (*validators)[request.address];
      running[++ticket] = {*host, request.address};
      ahead.ask(ticket, std::move(request));
    }
    const auto answer = ahead.next(Time::now() + std::chrono::seconds(60));
    if (!answer) break;
    const auto [host, address] = running[answer->ticket];
    running.erase(answer->ticket);
    if (validators != nullptr && !conditional) (*validators)[address] = answer->seen.validators;
    look(answer->seen, with_text, tally);
    agenda.free(host);
  }
  return tally;
}

// Acknowledges, 64 at a time, as the index does after a commit.
class Sink final : public crawl::SyncSink {
 public:
  Sink(catalog::Catalog& catalog, const Clock& clock, Tally& tally) : catalog_(catalog), clock_(clock), tally_(tally) {}
  Result<void> on_document(const catalog::Reference& reference, extract::Document document, bool changed) override {
    ++tally_.pages;
    tally_.text_bytes += document.text.size();
    return note(reference, changed ? "changed" : "added");
  }
  Result<void> on_state(const catalog::Reference& reference, const std::string& event) override {
    if (event.empty()) ++tally_.unchanged;
    return note(reference, event);
  }
  Result<void> flush() {
    auto done = catalog_.update_references(updates_, clock_.now());
    updates_.clear();
    return done;
  }

 private:
  Result<void> note(const catalog::Reference& reference, const std::string& event) {
    updates_.push_back({reference, event});
    return updates_.size() < 64 ? Result<void>() : flush();
  }

  catalog::Catalog& catalog_;
  const Clock& clock_;
  Tally& tally_;
  std::vector<catalog::ReferenceUpdate> updates_;
};

Tally sync(const std::string& list, crawl::Fetcher& fetcher, const Clock& clock, std::uint32_t at_once) {
  Tally tally;
  const std::filesystem::path file = list + ".catalog.db";
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
  auto catalog = catalog::Catalog::open(file, catalog::Catalog::Mode::write);
  if (!catalog) return tally;
  catalog::Source source;
  source.kind = catalog::SourceKind::list;
  source.address = std::filesystem::absolute(list).string();
  source.policy = policy();
  source = *(*catalog)->add_source(source);
  crawl::SyncOptions options;
  options.hosts_at_once = at_once;
  Sink sink(**catalog, clock, tally);
  const auto report = crawl::sync_source(source, **catalog, fetcher, clock, sink, options);
  if (!report || !sink.flush()) tally.trouble = report ? "catalogue" : report.error().message;
  if (report) {
    tally.failed = report->totals.failed;
    tally.bytes = report->totals.bytes;
    if (!report->problems.empty()) tally.trouble = report->problems.front().reason;
  }
  return tally;
}

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::cerr << "usage: bench_fetch fetch|conditional|extract|sync HOSTS URLS AT_ONCE\n";
    return 2;
  }
  const std::string mode = arguments[1];
  const auto at_once = static_cast<std::uint32_t>(std::stoul(arguments[4]));
  Addresses addresses;
  std::ifstream lines(arguments[3]);
  for (std::string line; std::getline(lines, line);) addresses.push_back(line);

  const SystemClock clock;
  net::HttpClient client({.max_connections = at_once, .resolver = std::make_shared<FileResolver>(arguments[2])});
  const auto fetcher = crawl::make_fetcher(client, clock);
  std::map<std::string, catalog::Validators> validators;
  if (mode == "conditional") go_through(addresses, *fetcher, at_once, false, &validators, false);

  const auto start = Time::now();
  const double cpu_start_s = cpu_s();
  const Tally tally =
      mode == "sync" ? sync(arguments[3], *fetcher, clock, at_once)
                     : go_through(addresses, *fetcher, at_once, mode == "extract", &validators, mode == "conditional");
  const double seconds = std::chrono::duration<double>(Time::now() - start).count();
  const std::uint64_t answers = tally.pages + tally.unchanged;
  std::cout << nlohmann::json{{"pages", tally.pages},
                              {"unchanged", tally.unchanged},
                              {"failed", tally.failed},
                              {"trouble", tally.trouble},
                              {"bytes", tally.bytes},
                              {"text_bytes", tally.text_bytes},
                              {"seconds", seconds},
                              {"cpu_s", cpu_s() - cpu_start_s},
                              {"per_s", static_cast<double>(answers) / seconds}}
                   .dump()
            << "\n";
  return tally.failed == 0 ? 0 : 1;
}
