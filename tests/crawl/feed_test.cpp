// What lists addresses: feeds, OPML, lists; their dates; and hostile ones.
#include "crawl/feed.h"

#include <gtest/gtest.h>

#include <fstream>

#include "crawl/compress.h"
#include "crawl/dates.h"
#include "crawl/opml.h"
#include "crawl/sitemap.h"
#include "crawl/sync.h"
#include "crawl/url_list.h"
#include "io/temporary_folder.h"

namespace renvoi::crawl {
namespace {

using catalog::SourceKind;
using test::compress;
using test::gzip_of_a_gigabyte;

const net::Url kBase = *net::Url::parse("https://a.test/blog/feed.xml");

Feed feed_of(std::string_view bytes) {
  auto feed = parse_feed(bytes, kBase);
  EXPECT_TRUE(feed.ok()) << feed.error().message;
  return feed ? *feed : Feed{};
}
std::vector<std::string> links(std::string_view bytes) {
  std::vector<std::string> all;
  for (const FeedEntry& entry : feed_of(bytes).entries) all.push_back(entry.address);
  return all;
}
using Links = std::vector<std::string>;

std::string utf16(std::string_view text, bool big_endian, bool mark) {
  std::string out;
  const auto unit = [&](char high, char low) {
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  };
  if (mark) unit('\xFE', '\xFF');
  for (const char c : text) unit('\0', c);
  return out;
}

TEST(Dates, AreTheLastSecondThatTheyCanMean) {
  const auto is = [](const char* text, const char* utc) {
    const auto date = parse_date(text);
    EXPECT_EQ(date ? to_rfc3339(*date) : "none", utc) << text;
  };
  is("2026-11-24T09:53:46Z", "2026-11-24T09:53:46Z");
  is("2026-11-24T09:53:46.789+01:00", "2026-11-24T08:53:46Z");
  is("2026-11-24T09:53-0530", "2026-11-24T15:23:59Z");
  is("2026-11-24 09:53:46", "2026-11-24T09:53:46Z");
  is(" 2026-11-24\n", "2026-11-24T23:59:59Z");
  is("2024-02", "2024-02-29T23:59:59Z");
  is("2025-12", "2025-12-31T23:59:59Z");
  is("2025", "2025-12-31T23:59:59Z");
  is("Tue, 24 Nov 2026 09:53:46 GMT", "2026-11-24T09:53:46Z");
  is("24 Nov 26 09:53 EST", "2026-11-24T14:53:59Z");
  is("Tue,24 November 2026 9:53:46 +0200", "2026-11-24T07:53:46Z");
  is("Sat, 07 Sep 2002 00:00:01 UT", "2002-09-07T00:00:01Z");
  is("24 Nov 2026", "2026-11-24T23:59:59Z");
  for (const char* none : {"", "yesterday", "2026-13-01", "2025-02-29", "2026-1-1", "1969-12-31", "10000-01-01",
                           "2026-11-24T", "24 Nov", "2026-11-24T25:00Z", "2026-11-24T09:53:46 MARS",
                           "Tue, 32 Nov 2026 00:00:00 GMT", "0000", "9999999999999999999", "2026-11-24T09:53:46+99:00"})
    is(none, "none");
}

TEST(Feed, ReadsEveryFormOfRss) {
  EXPECT_EQ(
      links("<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' "
            "'http://my.netscape.com/publish/formats/rss-0.91.dtd'><rss version='0.91'><channel>"
            "<link>https://a.test/</link><item><title>x</title><link>https://a.test/1</link></item></channel></rss>"),
      Links{"https://a.test/1"});
  const Feed rss = feed_of(
      "<?xml version='1.0'?><rss version='2.0' xmlns:dc='d' xmlns:atom='a'><channel>"
      "<atom:link rel='self' href='https://a.test/self'/>"
      "<item><link> https://a.test/1?a=b&amp;c#part </link><pubDate>Tue, 24 Nov 2026 09:53:46 GMT</pubDate></item>"
      "<item><guid>https://a.test/2</guid><dc:date>2026-11-24T10:00:00Z</dc:date></item>"
      "<item><guid isPermaLink='false'>https://a.test/not-a-link</guid></item>"
      "<item><atom:link href='/3'/></item></channel></rss>");
  ASSERT_EQ(rss.entries.size(), 3u);
  EXPECT_EQ(rss.entries[0].address, "https://a.test/1?a=b&c");
  EXPECT_EQ(to_rfc3339(rss.entries[0].changed_at.value()), "2026-11-24T09:53:46Z");
  EXPECT_EQ(rss.entries[1].address, "https://a.test/2");
  EXPECT_EQ(to_rfc3339(rss.entries[1].changed_at.value()), "2026-11-24T10:00:00Z");
  EXPECT_EQ(rss.entries[2].address, "https://a.test/3");
  EXPECT_FALSE(rss.entries[2].changed_at.has_value());
  EXPECT_EQ(rss.without_link, 1u);
  EXPECT_EQ(links("<rdf:RDF xmlns:rdf='r' xmlns='http://purl.org/rss/1.0/'><channel rdf:about='https://a.test/'/>"
                  "<item rdf:about='https://a.test/1'><link>https://a.test/1</link></item>"
                  "<item rdf:about='https://a.test/2'><title>no link</title></item></rdf:RDF>"),
            (Links{"https://a.test/1", "https://a.test/2"}));
}

TEST(Feed, ReadsAtom) {
  const Feed atom = feed_of(
      "<feed xmlns='http://www.w3.org/2005/Atom'><link href='https://a.test/'/><entry><link rel='edit' href='e'/>"
      "<link rel='alternate' type='application/pdf' href='a.pdf'/><link type='text/html' href='a.html'/>"
      "<updated>2026-11-24T00:00:00Z</updated><published>2020-01-01T00:00:00Z</published></entry></feed>");
  ASSERT_EQ(atom.entries.size(), 1u);
  EXPECT_EQ(atom.entries[0].address, "https://a.test/blog/a.html");
  EXPECT_EQ(to_rfc3339(atom.entries[0].changed_at.value()), "2026-11-24T00:00:00Z");
  EXPECT_EQ(links("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:link href='x'/></a:entry></a:feed>"),
            Links{"https://a.test/blog/x"});
}

TEST(Feed, ResolvesByXmlBase) {
  EXPECT_EQ(links("<feed xml:base='https://b.test/x/'><entry xml:base='../y/'><link href='1'/></entry>"
                  "<entry><link xml:base='https://c.test/' href='2'/></entry><entry><link href='3'/></entry></feed>"),
            (Links{"https://b.test/y/1", "https://c.test/2", "https://b.test/x/3"}));
  EXPECT_EQ(links("<rss xml:base='https://b.test/'><channel><item><link>1</link></item></channel></rss>"),
            Links{"https://b.test/1"});
}

TEST(Feed, ReadsJsonFeed) {
  const Feed json = feed_of(
      R"({"version": "https://jsonfeed.org/version/1.1", "items": [
        {"id": "1", "url": "https://a.test/1", "date_published": "2020-01-01T00:00:00Z", "date_modified": "2026-11-24T00:00:00Z"},
        {"id": "https://a.test/2"}, {"id": "3", "external_url": "/3"}, {"id": "4"}, 5, {"url": 6}]})");
  ASSERT_EQ(json.entries.size(), 3u);
  EXPECT_EQ(json.entries[0].address, "https://a.test/1");
  EXPECT_EQ(to_rfc3339(json.entries[0].changed_at.value()), "2026-11-24T00:00:00Z");
  EXPECT_EQ(json.entries[1].address, "https://a.test/2");
  EXPECT_EQ(json.entries[2].address, "https://a.test/3");
  EXPECT_EQ(json.without_link, 2u);
}

TEST(Feed, IsReadWhateverItSaysOfItsEncoding) {
  const std::string body =
      "<rss><channel><item><title><![CDATA[<b>&nbsp;x</b>]]></title><description>&lt;p&gt;&nbsp;&eacute;</description>"
      "<link><![CDATA[https://a.test/1]]></link></item></channel></rss>";
  const Links one{"https://a.test/1"};
  for (const char* declared : {"utf-8", "UTF-16", "iso-2022-kr", "nonsense", "windows-1252"})
    EXPECT_EQ(links("<?xml version='1.0' encoding='" + std::string(declared) + "'?>" + body), one) << declared;
  EXPECT_EQ(links("\xEF\xBB\xBF\n " + body), one);
  for (const bool big_endian : {false, true})
    for (const bool mark : {false, true}) EXPECT_EQ(links(utf16(body, big_endian, mark)), one) << big_endian << mark;
  EXPECT_EQ(links(compress(body)), one);
  EXPECT_EQ(
      links("<rss><channel><item><title>\xE9t\xE9</title><link>https://a.test/\xE9</link></item></channel></rss>"),
      Links{"https://a.test/%C3%A9"});  // Latin-1
}

TEST(Feed, RefusesWhatIsHostileOrNone) {
  const auto code = [](std::string_view bytes) { return parse_feed(bytes, kBase).error().code; };
  EXPECT_EQ(code("<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><rss>&b;</rss>"),
            ErrorCode::invalid);
  EXPECT_EQ(code("<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><feed>&x;</feed>"), ErrorCode::invalid);
  for (const char* none :
       {"", "  \n", "plain text", "<html><body>x</body></html>", "{}", "[1]", "{\"items\": []}", "<rss><channel><item>",
        "<rss", "{\"version\": \"https://jsonfeed.org/version/1\"}", "<", "{"})
    EXPECT_EQ(code(none), ErrorCode::invalid) << none;
  EXPECT_EQ(code(gzip_of_a_gigabyte()), ErrorCode::exhausted);
  EXPECT_EQ(code(std::string(kMaxFeedBytes + 1, '<')), ErrorCode::exhausted);
  EXPECT_EQ(code("{\"version\":\"https://jsonfeed.org/version/1\",\"items\":" + std::string(4'000'000, '[')),
            ErrorCode::exhausted);
  const std::string whole = compress("<rss><channel><item><link>https://a.test/1</link></item></channel></rss>");
  for (std::size_t size = 2; size < whole.size(); ++size)
    EXPECT_EQ(code(whole.substr(0, size)), ErrorCode::invalid) << size;
}

TEST(Feed, DepthAndNumbersAreLimited) {
  std::string deep = "<rss><channel><item><link>https://a.test/1</link>";
  for (int i = 0; i < 1'000'000; ++i) deep += "<a>";
  for (int i = 0; i < 1'000'000; ++i) deep += "</a>";
  EXPECT_EQ(links(deep + "</item></channel></rss>"), Links{"https://a.test/1"});
  std::string many = "<rss><channel>";
  for (int i = 0; i < 10'005; ++i) many += "<item><link>https://a.test/" + std::to_string(i) + "</link></item>";
  const Feed feed = feed_of(many + "</channel></rss>");
  EXPECT_EQ(feed.entries.size(), kMaxFeedEntries);
  EXPECT_TRUE(feed.truncated);
}

TEST(Feed, LeadsNowhereButToTheWeb) {
  EXPECT_EQ(feed_of("<rss><channel><item><link>file:///etc/passwd</link></item><item><link>javascript:x</link></item>"
                    "<item><link>https://user:secret@a.test/</link></item><item><link></link></item>"
                    "<item><link>https://a.test/" +
                    std::string(3'000, 'x') + "</link></item></channel></rss>")
                .without_link,
            5u);
}

TEST(Opml, ListsItsFeedsOnce) {
  const auto opml = parse_opml(
      "<opml version='2.0'><head><title>x</title></head><body><outline text='News'>"
      "<outline type='rss' xmlUrl='https://a.test/1'/><outline type='rss' XMLURL='2'/>"
      "<outline><outline xmlurl='https://a.test/1'/></outline></outline>"
      "<outline type='include' url='other.opml'/><outline type='link' url='https://a.test/x.OPML?y'/>"
      "<outline type='link' url='https://a.test/page'/><outline xmlUrl='file:///etc/passwd'/></body></opml>",
      kBase);
  ASSERT_TRUE(opml.ok()) << opml.error().message;
  EXPECT_EQ(opml->feeds, (Links{"https://a.test/1", "https://a.test/blog/2"}));
  EXPECT_EQ(opml->includes, (Links{"https://a.test/blog/other.opml", "https://a.test/x.OPML?y"}));
  EXPECT_FALSE(opml->truncated);
}

TEST(Opml, DepthAndNumbersAreLimited) {
  std::string deep = "<opml><body>", end;
  for (int i = 0; i < 100'000; ++i) {
    deep += "<outline xmlUrl='https://a.test/" + std::to_string(i) + "'>";
    end += "</outline>";
  }
  const auto opml = parse_opml(deep + end + "</body></opml>", kBase);
  ASSERT_TRUE(opml.ok());
  EXPECT_EQ(opml->feeds.size(), kMaxOpmlDepth);
  EXPECT_TRUE(opml->truncated);
  std::string wide = "<opml><body>";
  for (int i = 0; i < 3'000; ++i) wide += "<outline xmlUrl='https://a.test/" + std::to_string(i) + "'/>";
  const auto many = parse_opml(wide + "</body></opml>", kBase);
  ASSERT_TRUE(many.ok());
  EXPECT_EQ(many->feeds.size(), kMaxOpmlFeeds);
  EXPECT_TRUE(many->truncated);
  for (const char* none : {"<rss/>", "", "<opml>", "<!DOCTYPE opml><opml/>"})
    EXPECT_EQ(parse_opml(none, kBase).error().code, ErrorCode::invalid) << none;
}

TEST(UrlList, IsOneAddressALine) {
  const auto list = parse_url_list(
      "# my pages\r\n\r\nhttps://a.test/1  # the first\nHTTPS://A.test/1\n https://a.test/2#part \nexample.org/x\n"
      "file:///etc/passwd\nhttps://a.test/\xC3\xA9\nhttps://a.test/" +
      std::string(3'000, 'x'));
  ASSERT_TRUE(list.ok()) << list.error().message;
  EXPECT_EQ(list->addresses, (Links{"https://a.test/1", "https://a.test/2", "https://a.test/%C3%A9"}));
  EXPECT_EQ(list->bad_lines, 3u);
  ASSERT_EQ(list->bad.size(), 3u);
  EXPECT_EQ(list->bad[0].number, 6u);
}

TEST(UrlList, IsReadInEveryEncodingAndRefusesWhatIsNone) {
  const std::string text = "https://a.test/1\nhttps://a.test/2\n";
  for (const std::string& bytes :
       {utf16(text, false, true), utf16(text, true, true), "\xEF\xBB\xBF" + text, compress(text)})
    EXPECT_EQ(parse_url_list(bytes)->addresses.size(), 2u);
  const auto only_comments = parse_url_list("# nothing yet\n");
  ASSERT_TRUE(only_comments.ok());
  EXPECT_TRUE(only_comments->addresses.empty());
  for (const std::string& none : {std::string(), std::string("hello\nworld"), std::string("https://a.test/\n\0", 17)})
    EXPECT_EQ(parse_url_list(none).error().code, ErrorCode::invalid) << none;
  EXPECT_EQ(parse_url_list(gzip_of_a_gigabyte()).error().code, ErrorCode::exhausted);
}

TEST(Sitemap, DatesArePartOfItAndImagesAreNot) {
  const auto map = parse_sitemap(
      "<urlset xmlns:image='i' xmlns:news='n'><url><loc>https://a.test/1</loc><lastmod>2026-11-24</lastmod>"
      "<image:image><image:loc>https://a.test/photo</image:loc></image:image><news:news><loc>https://a.test/n</loc>"
      "</news:news></url><url><image:loc>https://a.test/no</image:loc></url><url><loc>https://a.test/2</loc>"
      "<lastmod>soon</lastmod></url></urlset>");
  ASSERT_TRUE(map.ok());
  ASSERT_EQ(map->pages.size(), 2u);
  EXPECT_EQ(to_rfc3339(map->pages[0].changed_at.value()), "2026-11-24T23:59:59Z");
  EXPECT_EQ(map->pages[1].address, "https://a.test/2");
  EXPECT_FALSE(map->pages[1].changed_at.has_value());
}

TEST(Sitemap, MoreTagsThanMemoryAllowsAreRefused) {
  std::string tags = "<urlset>";
  for (std::size_t i = 0; i < 4'000'001; ++i) tags += "<a/>";
  EXPECT_EQ(parse_sitemap(tags + "</urlset>").error().code, ErrorCode::exhausted);
}

TEST(SniffListing, TellsByTheFirstBytes) {
  const auto kind = [](std::string_view bytes) { return sniff_listing(bytes); };
  EXPECT_EQ(kind("<?xml version='1.0'?>\n<!-- <html> -->\n<rss version='2.0'>"), SourceKind::feed);
  EXPECT_EQ(kind("\xEF\xBB\xBF<a:feed xmlns:a='x'/>"), SourceKind::feed);
  EXPECT_EQ(kind("<rdf:RDF>"), SourceKind::feed);
  EXPECT_EQ(kind("<!DOCTYPE rss SYSTEM 'x'><rss>"), SourceKind::feed);
  EXPECT_EQ(kind("<!DOCTYPE rss [<!ENTITY a '<b>'>]><rss>"), SourceKind::feed);
  EXPECT_EQ(kind("{ \"version\": \"https://jsonfeed.org/version/1.1\", \"items\": ["), SourceKind::feed);
  EXPECT_EQ(kind(compress("<opml version='2.0'>")), SourceKind::opml);
  EXPECT_EQ(kind(utf16("<?xml version='1.0'?><urlset>", false, true)), SourceKind::sitemap);
  for (const char* none :
       {"", "<!doctype html><html><head>", "<html>rss", "text", "{}", "<", "<!--", "<?xml", "\x1F\x8B"})
    EXPECT_FALSE(kind(none).has_value()) << none;
}

TEST(DescribeSource, KnowsTheKindsOfFiles) {
  const test::TemporaryFolder folder;
  const auto write = [&](const char* name, std::string_view text) {
    std::ofstream(folder / name, std::ios::binary) << text;
    return (folder / name).string();
  };
  const auto kind = [](const std::string& path, std::optional<SourceKind> forced = {}) {
    const auto source = describe_source(path, forced, {});
    EXPECT_TRUE(source.ok()) << source.error().message;
    return source ? source->kind : SourceKind::url;
  };
  EXPECT_EQ(kind(write("x.warc.gz", "")), SourceKind::archive);
  EXPECT_EQ(kind(write("x.WACZ", "")), SourceKind::archive);
  EXPECT_EQ(kind(write("subscriptions.opml", "<opml/>")), SourceKind::opml);
  EXPECT_EQ(kind(write("saved.xml", "<?xml version='1.0'?><rss/>")), SourceKind::feed);
  EXPECT_EQ(kind(write("urls.txt", "https://a.test/")), SourceKind::file);
  EXPECT_EQ(kind((folder / "urls.txt").string(), SourceKind::list), SourceKind::list);
  EXPECT_EQ(kind("https://a.test/x.opml"), SourceKind::opml);
  EXPECT_EQ(kind("https://a.test/urls", SourceKind::list), SourceKind::list);
  EXPECT_EQ(describe_source("https://a.test/x.warc.gz", {}, {}).error().code, ErrorCode::invalid);
  EXPECT_EQ(describe_source("https://a.test/x", SourceKind::archive, {}).error().code, ErrorCode::invalid);
  EXPECT_EQ(describe_source((folder / "urls.txt").string(), SourceKind::site, {}).error().code, ErrorCode::invalid);
  EXPECT_EQ(describe_source((folder / "urls.txt").string(), SourceKind::folder, {}).error().code, ErrorCode::invalid);
  EXPECT_EQ(describe_source((folder / ".").string(), SourceKind::list, {}).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace renvoi::crawl
