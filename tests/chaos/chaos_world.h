// A site of the chaos server with the real fetcher, sync and catalogue, and a clock that a test moves.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "chaos/chaos_server.h"
#include "crawl/fetcher.h"
#include "crawl/sync.h"
#include "io/temporary_folder.h"

namespace renvoi::test {

inline constexpr std::int64_t kHour_s = 3'600, kDay_s = 86'400;
inline const std::string kSite = "site.test";    // 127.0.0.1
inline const std::string kOther = "other.test";  // 127.0.0.2
inline const std::string kDead = "dead.test";    // 127.0.0.3, where nobody listens; any other name does not exist

// Some 90 words that no other seed gives, as a page of its own.
std::string words_of(const std::string& seed, int count = 90);
std::string page_of(const std::string& title, const std::string& text, const std::string& head = "",
                    const std::vector<std::string>& links = {});

Behaviour text(const std::string& seed, const std::string& headers = "");  // a good page
Behaviour html(const std::string& body, const std::string& headers = "");  // 200 with that
Behaviour status(int code, const std::string& headers = "");               // and an error page
Behaviour redirect(int code, const std::string& to);

class World {
 public:
  World();
  // Its pages, each linked from the start and with a text of its own, and six more beside them; read once.
  void start(const std::vector<std::string>& pages);
  crawl::SyncReport read();  // one pass
  void later(std::int64_t seconds) { clock.advance(seconds); }
  crawl::SyncReport read_later(std::int64_t seconds) {
    later(seconds);
    return read();
  }
  // Passes, one every `each_s`, until `until_s` from now.
  void read_through(std::int64_t until_s, std::int64_t each_s = kDay_s / 2);
  // The program ends and starts again: what is in memory only is forgotten.
  void restart();
  void link(const std::vector<std::string>& more);  // on the start page

  std::string url(const std::string& path) const { return site.url(kSite, path); }
  void set(const std::string& path, Behaviour behaviour) { site.set(kSite, path, std::move(behaviour)); }
  std::optional<catalog::Reference> find(const std::string& path) { return *catalog->find_reference(url(path)); }
  std::string state(const std::string& path);  // "LIVE"; "none" when there is no reference
  bool shown(const std::string& path);
  std::size_t shown_in_all() { return catalog->showable()->size(); }
  std::string reason(const std::string& path);
  int asked(const std::string& path) const { return site.asked(kSite, path); }

  ChaosServer site;
  TemporaryFolder folder{TemporaryFolder::On::memory};
  ManualClock clock{1'800'000'000};
  std::unique_ptr<net::HttpClient> client;
  std::unique_ptr<crawl::Fetcher> fetcher;
  std::unique_ptr<catalog::Catalog> catalog;
  catalog::Source source;
  crawl::SyncOptions options;
  crawl::SyncReport last;
  std::vector<std::string> documents;  // read into the index, ever
  std::vector<std::string> linked;
};

}  // namespace renvoi::test
