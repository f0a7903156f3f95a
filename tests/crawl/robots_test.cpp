#include "crawl/robots.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;

// Just enough of the text format of protocol buffers: names, numbers, brackets, strings (those in a row are one).
struct Token {
  bool is_string = false;
  std::string text;
};

char escaped(const std::string& text, std::size_t& at) {
  const char c = text[at++];
  if (c == 'n') return '\n';
  if (c == 'r') return '\r';
  if (c == 't') return '\t';
  if (c == 'x') {
    std::size_t digits = 0;
    const int value = std::stoi(text.substr(at, 2), &digits, 16);
    at += digits;
    return static_cast<char>(value);
  }
  if (c >= '0' && c <= '7') {
    int value = c - '0';
    for (int i = 0; i < 2 && text[at] >= '0' && text[at] <= '7'; ++i) value = value * 8 + (text[at++] - '0');
    return static_cast<char>(value);
  }
  return c;
}

std::vector<Token> tokens(const std::string& text) {
  std::vector<Token> found;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (c == '"' || c == '\'') {
      std::string value;
      for (++at; text[at] != c;) {
        if (text[at] != '\\') {
          value += text[at++];
        } else {
          ++at;
          value += escaped(text, at);
        }
      }
      ++at;
      if (!found.empty() && found.back().is_string)
        found.back().text += value;
      else
        found.push_back({true, value});
    } else if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      const std::size_t begin = at;
      while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_')) ++at;
      found.push_back({false, text.substr(begin, at - begin)});
    } else {
      if (c == '{' || c == '}') found.push_back({false, std::string(1, c)});
      ++at;
    }
  }
  return found;
}

struct Expectation {
  std::string robots, url, agent, file;
  bool allowed = false;
};

std::vector<Expectation> read_expectations(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  const auto all = tokens(text.str());
  std::vector<Expectation> found;
  Expectation now;
  now.file = file.filename().string();
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    if (all[i].is_string) continue;
    const std::string& name = all[i].text;
    const std::string& value = all[i + 1].text;
    if (name == "robotstxt") now.robots = value;
    if (name == "testurl") now.url = value;
    if (name == "useragent") now.agent = value;
    if (name == "expected_outcome") {
      now.allowed = value == "ALLOWED";
      found.push_back(now);
    }
  }
  return found;
}

// The suite follows a draft here; RFC 9309 section 2.2.2 as published says that "/foo/bar/%62%61%7A" is "/foo/bar/baz".
bool contradicts_the_rfc(const Expectation& expected) {
  return expected.file == "non-ascii-paths.textproto" && expected.url == "http://foo.bar/foo/bar/baz" &&
         expected.robots.find("%62%61%7A") != std::string::npos;
}

// The suite leaves the encoding of the address to the caller, and gives one address that no caller here could give.
std::string path_of(const std::string& url) {
  const std::size_t slash = url.find('/', url.find("://") + 3);
  return slash == std::string::npos ? "/" : url.substr(slash, url.find('#') - slash);
}

TEST(Robots, MeetsTheConformanceCases) {
  const fs::path root = fs::path(TEST_EVAL_DIR) / "robots-ctc";
  if (!fs::exists(root)) GTEST_SKIP() << root << " is absent: the conformance cases are not in the repository";
  std::size_t met = 0, asked = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".textproto") continue;
    for (const Expectation& expected : read_expectations(entry.path())) {
      ++asked;
      const bool allowed = Robots::parse(expected.robots, expected.agent).allows(path_of(expected.url));
      if (contradicts_the_rfc(expected)) {
        EXPECT_TRUE(allowed);
        continue;
      }
      met += allowed == expected.allowed ? 1 : 0;
      EXPECT_EQ(allowed, expected.allowed) << expected.file << " " << expected.url << " " << expected.agent << "\n"
                                           << expected.robots.substr(0, 600);
    }
  }
  EXPECT_EQ(asked, 400u);
  EXPECT_EQ(met, 399u);
}

TEST(Robots, TheLongestRuleWinsAndAllowWinsATie) {
  const Robots robots = Robots::parse("User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /t\nAllow: /t\n", "renvoi");
  EXPECT_FALSE(robots.allows("/a/c"));
  EXPECT_TRUE(robots.allows("/a/b"));
  EXPECT_TRUE(robots.allows("/t"));
}

TEST(Robots, EscapedAndPlainSpellingsOfAPathAreOne) {
  const Robots robots = Robots::parse("User-agent: *\nDisallow: /%7ejoe/caf\xC3\xA9\nDisallow: /x%2fy\n", "renvoi");
  EXPECT_FALSE(robots.allows("/~joe/caf%c3%a9"));
  EXPECT_FALSE(robots.allows("/x%2Fy"));
  EXPECT_TRUE(robots.allows("/x/y"));
}

TEST(Robots, OurGroupReplacesTheOneForEveryone) {
  const Robots robots = Robots::parse(
      "User-agent: *\nDisallow: /\nCrawl-delay: 9\n\nUser-agent: Renvoi/1.0\nCrawl-delay: 1.5\nDisallow:\n", "renvoi");
  EXPECT_TRUE(robots.allows("/a"));
  EXPECT_EQ(robots.crawl_delay_ms(), 1'500u);
}

TEST(Robots, ReadsFiveHundredKibibytesAndNoMore) {
  const std::string filler(kMaxRobotsBytes, '\n');
  EXPECT_TRUE(Robots::parse(filler + "User-agent: *\nDisallow: /\n", "renvoi").allows("/a"));
  EXPECT_FALSE(Robots::parse("\xEF\xBB\xBFUser-agent: *\nDisallow: /\n" + filler, "renvoi").allows("/a"));
}

// The matcher against the obvious one: every split tried.
bool matches_slowly(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return true;
  if (pattern == "$") return path.empty();
  if (pattern[0] == '*') {
    for (std::size_t i = 0; i <= path.size(); ++i)
      if (matches_slowly(pattern.substr(1), path.substr(i))) return true;
    return false;
  }
  return !path.empty() && path[0] == pattern[0] && matches_slowly(pattern.substr(1), path.substr(1));
}

TEST(Robots, TheMatcherAgreesWithTryingEverySplit) {
  const std::string letters = "ab*";
  for (unsigned pattern_code = 0; pattern_code < 729; ++pattern_code) {
    std::string pattern;
    for (unsigned code = pattern_code, i = 0; i < 6; ++i, code /= 3) pattern += letters[code % 3];
    for (unsigned path_code = 0; path_code < 64; ++path_code) {
      std::string path;
      for (unsigned i = 0; i < 6; ++i) path += (path_code >> i & 1) != 0 ? 'a' : 'b';
      EXPECT_EQ(robots_pattern_matches(pattern, path), matches_slowly(pattern, path)) << pattern << " " << path;
      EXPECT_EQ(robots_pattern_matches(pattern + "$", path), matches_slowly(pattern + "$", path))
          << pattern << "$ " << path;
    }
  }
}

TEST(RobotsTag, OfEveryoneAndOfUs) {
  EXPECT_TRUE(parse_robots_tag("NoIndex, nofollow", "renvoi").nofollow);
  EXPECT_TRUE(parse_robots_tag("none", "renvoi").noindex);
  EXPECT_FALSE(parse_robots_tag("googlebot: noindex, nofollow", "renvoi").noindex);
  EXPECT_TRUE(parse_robots_tag("googlebot: nofollow, renvoi: noindex", "renvoi").noindex);
  EXPECT_TRUE(parse_robots_tag("unavailable_after: 25 Jun 2010 15:00:00 PST, noarchive", "renvoi").noarchive);
  EXPECT_FALSE(parse_robots_tag("", "renvoi").noindex);
}

}  // namespace
}  // namespace renvoi::crawl
