// One pass over a source of a test's own, into a catalogue that does what an index would.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "crawl/site_server.h"
#include "crawl/sync.h"
#include "io/temporary_folder.h"

namespace renvoi::crawl {

// Does what an index would: acknowledges every document in the catalogue. Can stop the sync after some.
class AcknowledgingSink final : public SyncSink {
 public:
  AcknowledgingSink(catalog::Catalog& catalog, const Clock& clock) : catalog_(catalog), clock_(clock) {}
  Result<void> on_document(const catalog::Reference& reference, extract::Document document, bool changed) override {
    if (stop_after == documents.size()) stop.request_stop();
    if (stop.stop_requested()) return Error{ErrorCode::unavailable, "stopped"};
    documents.push_back(reference.address);
    EXPECT_EQ(reference.fingerprint, fingerprint(document.text));
    EXPECT_EQ(reference.text_bytes, document.text.size());
    return catalog_.update_reference(reference, clock_.now(), changed ? "changed" : "added");
  }
  Result<void> on_state(const catalog::Reference& reference, const std::string& event) override {
    events.push_back(event);
    catalog::Reference written = reference;
    if (written.state == catalog::ReferenceState::gone) written.indexed = false;
    return catalog_.update_reference(written, clock_.now(), event);
  }
  std::vector<std::string> documents, events;
  std::size_t stop_after = std::size_t(-1);
  std::stop_source stop;

 private:
  catalog::Catalog& catalog_;
  const Clock& clock_;
};

class SyncTest : public testing::Test {
 protected:
  SyncTest() {
    source.kind = catalog::SourceKind::site;
    source.address = site.url("/docs/");
    source.policy.allow_private_addresses = true;
    source.policy.min_delay_ms = 0;
    catalog = std::move(catalog::Catalog::open(folder / "catalog.db", catalog::Catalog::Mode::write)).value();
  }
  void add() { source = *catalog->add_source(source); }
  Result<SyncReport> sync(AcknowledgingSink& sink) {
    if (source.id == SourceId::none) add();
    return sync_source(source, *catalog, *fetcher, clock, sink, options, sink.stop.get_token());
  }
  SyncReport sync() {
    AcknowledgingSink sink(*catalog, clock);
    auto report = sync(sink);
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report ? *report : SyncReport{};
  }
  std::optional<catalog::Reference> find(const std::string& address) { return *catalog->find_reference(address); }
  catalog::ReferenceState state(const std::string& path) {
    const auto found = find(site.url(path));
    EXPECT_TRUE(found.has_value()) << path;
    return found ? found->state : catalog::ReferenceState::gone;
  }
  std::size_t showable() { return catalog->showable()->size(); }
  // Two pages, of which one then leads for good to another address with its text.
  void read_a_that_then_leads_to_b() {
    site.set_html("/docs/", "start", {"a"});
    site.set_html("/docs/a", "text");
    sync();
    site.set("/docs/b", {200, test::html("Page /docs/a", "text")});
    site.set("/docs/a", {301, "", "text/plain", {{"Location", "/docs/b"}}});
  }

  test::TemporaryFolder folder;
  test::SiteServer site;
  ManualClock clock{1'800'000'000};
  net::HttpClient client{net::HttpClient::Options{}};
  std::unique_ptr<Fetcher> fetcher = make_fetcher(client, clock);
  std::unique_ptr<catalog::Catalog> catalog;
  catalog::Source source;
  SyncOptions options;
};

class FolderSyncTest : public SyncTest {
 protected:
  FolderSyncTest() {
    std::filesystem::create_directories(folder / "docs/sub");
    source.kind = catalog::SourceKind::folder;
    source.address = std::filesystem::canonical(folder / "docs").string();
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder / ("docs/" + name)) << text; }
};

}  // namespace renvoi::crawl
