#include "chaos/chaos_world.h"

#include <algorithm>
#include <random>

#include "base/hash.h"
#include "net/resolver.h"

namespace renvoi::test {
namespace {

using catalog::ReferenceState;

class ChaosResolver final : public net::Resolver {
 public:
  Result<std::vector<net::IpAddress>> resolve(const std::string& host, std::chrono::milliseconds,
                                              std::stop_token) override {
    const char* address = host == kSite ? "127.0.0.1" : host == kOther ? "127.0.0.2" : host == kDead ? "127.0.0.3" : "";
    const auto parsed = net::parse_ip(address);
    if (!parsed) return Error{ErrorCode::not_found, "no such host: " + host};
    return std::vector{*parsed};
  }
};

// Does what an index would: acknowledges every document in the catalogue.
class Index final : public crawl::SyncSink {
 public:
  Index(World& world) : world_(world) {}
  Result<void> on_document(const catalog::Reference& reference, extract::Document, bool changed) override {
    world_.documents.push_back(reference.address);
    return world_.catalog->update_reference(reference, world_.clock.now(), changed ? "changed" : "added");
  }
  Result<void> on_state(const catalog::Reference& reference, const std::string& event) override {
    catalog::Reference written = reference;
    if (written.state == ReferenceState::gone) written.indexed = false;
    return world_.catalog->update_reference(written, world_.clock.now(), event);
  }

 private:
  World& world_;
};

const std::vector<std::string> kWords{
    "river",  "garden", "lantern", "window", "harbour", "bridge", "copper",  "thread",  "orchard", "meadow",
    "signal", "ladder", "marble",  "velvet", "compass", "anchor", "pepper",  "canvas",  "timber",  "basket",
    "engine", "quarry", "saddle",  "candle", "blanket", "mirror", "pocket",  "kettle",  "hammer",  "ribbon",
    "island", "valley", "castle",  "market", "station", "temple", "village", "library", "factory", "museum"};

const std::vector<std::string> kBeside{"/beside-a", "/beside-b", "/beside-c", "/beside-d", "/beside-e", "/beside-f"};

}  // namespace

std::string words_of(const std::string& seed, int count) {
  std::mt19937_64 random(fingerprint(seed));
  std::string text = "This page is about " + kWords[random() % kWords.size()];
  for (int i = 0; i < count; ++i) text += (i % 12 == 11 ? ". The " : " ") + kWords[random() % kWords.size()];
  return text + ".";
}

std::string page_of(const std::string& title, const std::string& text, const std::string& head,
                    const std::vector<std::string>& links) {
  std::string body = "<!doctype html><html lang=en><head><title>" + title + "</title>" + head +
                     "</head><body><main><h1>" + title + "</h1><p>" + text + "</p>";
  for (const std::string& link : links) body += "<p><a href=\"" + link + "\">" + link + "</a></p>";
  return body + "</main></body></html>";
}

Behaviour html(const std::string& body, const std::string& headers) {
  return [=](Wire& wire, const Ask&) { wire.answer(200, body, "Content-Type: text/html\r\n" + headers); };
}
Behaviour text(const std::string& seed, const std::string& headers) {
  return html(page_of("About " + seed, words_of(seed)), headers);
}
Behaviour status(int code, const std::string& headers) {
  return [=](Wire& wire, const Ask&) {
    wire.answer(code, "<h1>Error " + std::to_string(code) + "</h1>", "Content-Type: text/html\r\n" + headers);
  };
}
Behaviour redirect(int code, const std::string& to) {
  return [=](Wire& wire, const Ask&) { wire.answer(code, "", "Location: " + to + "\r\n"); };
}

World::World() {
  source.kind = catalog::SourceKind::site;
  source.address = url("/");
  source.policy.allow_private_addresses = true;
  source.policy.min_delay_ms = 0;
  catalog = std::move(catalog::Catalog::open(folder / "catalog.db", catalog::Catalog::Mode::write)).value();
  restart();
}

void World::restart() {
  fetcher.reset();
  net::HttpClient::Options net;
  net.resolver = std::make_shared<ChaosResolver>();
  client = std::make_unique<net::HttpClient>(net);
  fetcher = crawl::make_fetcher(*client, clock, {.max_body_bytes = 200'000, .total_timeout_ms = 400});
}

void World::link(const std::vector<std::string>& more) {
  linked.insert(linked.end(), more.begin(), more.end());
  set("/", html(page_of("Start", words_of("start"), "", linked)));
}

void World::start(const std::vector<std::string>& pages) {
  for (const auto* list : {&kBeside, &pages})
    for (const std::string& path : *list) set(path, text(path));
  link(kBeside);
  link(pages);
  read();
  for (const std::string& path : pages) ASSERT_TRUE(shown(path)) << path;
}

crawl::SyncReport World::read() {
  if (source.id == SourceId::none) source = *catalog->add_source(source);
  Index index(*this);
  auto report = crawl::sync_source(source, *catalog, *fetcher, clock, index, options);
  EXPECT_TRUE(report.ok()) << report.error().message;
  last = report ? *report : crawl::SyncReport{};
  return last;
}

void World::read_through(std::int64_t until_s, std::int64_t each_s) {
  for (std::int64_t past_s = 0; past_s < until_s; past_s += each_s) read_later(each_s);
}

std::string World::state(const std::string& path) {
  const auto found = find(path);
  return found ? std::string(to_string(found->state)) : "none";
}

bool World::shown(const std::string& path) {
  const auto found = find(path);
  const auto all = *catalog->showable();
  return found && std::find(all.begin(), all.end(), found->id) != all.end();
}

std::string World::reason(const std::string& path) {
  const auto found = find(path);
  return found ? found->reason : "";
}

}  // namespace renvoi::test
