// What lists documents: scope, sitemaps, folders; and the cache that keeps some of them.
#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <fstream>

#include "crawl/folder_walk.h"
#include "crawl/scope.h"
#include "crawl/sitemap.h"
#include "crawl/sync.h"
#include "io/temporary_folder.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

TEST(Scope, IsHostPortAndFolderOfTheStart) {
  catalog::Source source;
  source.kind = catalog::SourceKind::site;
  source.address = "https://example.org/docs/index.html";
  const auto scope = Scope::of(source);
  ASSERT_TRUE(scope.ok());
  const auto holds = [&](const char* url) { return scope->holds(*net::Url::parse(url)); };
  EXPECT_TRUE(holds("https://example.org/docs/a/b?c"));
  EXPECT_TRUE(holds("http://example.org/docs/"));
  for (const char* outside :
       {"https://example.org/doc", "https://example.org/docs/../secret", "https://example.org:8443/docs/a",
        "https://www.example.org/docs/a", "https://example.org.evil.test/docs/a", "file:///docs/a",
        "https://example.org/docs/photo.JPG", "https://example.org/docs/a.tar.gz"})
    EXPECT_FALSE(holds(outside)) << outside;
}

TEST(Scope, LinksAreResolvedAndLoseTheirFragment) {
  const auto base = *net::Url::parse("https://example.org/a/b");
  EXPECT_EQ(resolve_link("../c#d", base)->href(), "https://example.org/c");
  for (const char* none :
       {"mailto:a@b.c", "javascript:alert(1)", "data:,x", "ftp://h/x", "http://[", "file:///etc/passwd"})
    EXPECT_FALSE(resolve_link(none, base).has_value()) << none;
}

TEST(Sitemap, ReadsTheThreeFormsAndGzip) {
  const std::string urlset =
      "<?xml version='1.0'?><s:urlset xmlns:s='x'><s:url><s:loc> https://a.test/?x=1&amp;y=2 </s:loc></s:url>"
      "<s:url><s:lastmod>2020</s:lastmod></s:url></s:urlset>";
  ASSERT_TRUE(parse_sitemap(urlset).ok());
  ASSERT_EQ(parse_sitemap(urlset)->pages.size(), 1u);
  EXPECT_EQ(parse_sitemap(urlset)->pages[0].address, "https://a.test/?x=1&y=2");
  const auto index = parse_sitemap("<sitemapindex><sitemap><loc>https://a.test/1.xml</loc></sitemap></sitemapindex>");
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->sitemaps.size(), 1u);
  const auto list = parse_sitemap("\xEF\xBB\xBFhttps://a.test/1\r\nhttps://a.test/2\n");
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->pages.size(), 2u);
}

std::string gzip(const std::string& text) {
  std::string out(text.size() + 4'096, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_raw(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, text.data(), text.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

TEST(Sitemap, ExpandsGzipUpToItsLimit) {
  const auto map = parse_sitemap(gzip("https://a.test/1\n"));
  ASSERT_TRUE(map.ok()) << map.error().message;
  EXPECT_EQ(map->pages.size(), 1u);
  const auto bomb = parse_sitemap(gzip(std::string(kMaxSitemapBytes + 1, '\n')));
  ASSERT_FALSE(bomb.ok());
  EXPECT_EQ(bomb.error().code, ErrorCode::exhausted);
}

TEST(Sitemap, RefusesWhatIsNone) {
  for (const char* bad : {"", "   ", "hello", "<html></html>", "<urlset><url>", "\x1F\x8Bgarbage",
                          "<!DOCTYPE x [<!ENTITY a 'b'>]><urlset><url><loc>https://a.test/&a;</loc></url></urlset>"}) {
    const auto map = parse_sitemap(bad);
    ASSERT_FALSE(map.ok()) << bad;
    EXPECT_EQ(map.error().code, ErrorCode::invalid) << bad;
  }
}

TEST(Sitemap, TakesFiftyThousandAddressesAndSaysThatThereWereMore) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxSitemapUrls; ++i) text += "https://a.test/" + std::to_string(i) + "\n";
  const auto map = parse_sitemap(text);
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->pages.size(), kMaxSitemapUrls);
  EXPECT_TRUE(map->truncated);
}

TEST(FolderWalk, FindsDocumentsInsideOnlyAndEndsOnLoops) {
  const TemporaryFolder folder;
  write(folder / "in/a.md", "a");
  write(folder / "in/sub/b.html", "b");
  write(folder / "in/.hidden", "h");
  write(folder / "in/.git/c.md", "c");
  write(folder / "in/photo.png", "p");
  write(folder / "out/secret.md", "s");
  fs::create_directory_symlink("..", folder / "in/sub/loop");
  fs::create_directory_symlink(folder / "out", folder / "in/leak");
  fs::create_symlink(folder / "out/secret.md", folder / "in/leak.md");
  fs::create_symlink("nowhere", folder / "in/broken.md");
  const auto walk = walk_folder(folder / "in", 100);
  ASSERT_TRUE(walk.ok());
  const std::string root = fs::canonical(folder / "in").string();
  EXPECT_EQ(walk->files, (std::vector<std::string>{root + "/a.md", root + "/sub/b.html"}));
  EXPECT_FALSE(walk->truncated);
  EXPECT_TRUE(walk_folder(folder / "in", 1)->truncated);
  EXPECT_EQ(walk_folder(folder / "none", 1).error().code, ErrorCode::not_found);
}

TEST(DescribeSource, TellsFoldersFilesSitesAndSitemapsApart) {
  const TemporaryFolder folder;
  write(folder / "a b.md", "a");
  const auto kind = [](const std::string& text) { return describe_source(text, {}, {})->kind; };
  EXPECT_EQ(kind(folder.path().string()), catalog::SourceKind::folder);
  EXPECT_EQ(kind((folder / "a b.md").string()), catalog::SourceKind::file);
  EXPECT_EQ(kind("https://example.org/docs/"), catalog::SourceKind::site);
  EXPECT_EQ(kind("https://example.org/sitemap.xml.gz"), catalog::SourceKind::sitemap);
  EXPECT_EQ(describe_source("https://Example.org/a#b", catalog::SourceKind::url, {})->address, "https://example.org/a");
  EXPECT_EQ(describe_source("example.org", {}, {}).error().code, ErrorCode::not_found);
  EXPECT_EQ(describe_source("", {}, {}).error().code, ErrorCode::invalid);
  EXPECT_EQ(describe_source("ftp://example.org/", {}, {}).error().code, ErrorCode::invalid);
  EXPECT_EQ(describe_source("https://example.org/", catalog::SourceKind::folder, {}).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace renvoi::crawl
