// A link's text directive leads to the quote it was made for, and to no place before it.
#include "extract/text_fragment.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "extract/extract.h"

namespace renvoi::extract {
namespace {

std::string decoded(std::string_view encoded) {
  std::string out;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      out += encoded[i];
      continue;
    }
    out += static_cast<char>(std::stoi(std::string(encoded.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

struct Directive {
  std::string prefix, start, end, suffix;
};

Directive parse(std::string fragment) {
  EXPECT_TRUE(fragment.starts_with(":~:text=")) << fragment;
  fragment.erase(0, 8);
  Directive out;
  std::vector<std::string> terms;
  for (std::size_t begin = 0; begin <= fragment.size();) {
    const std::size_t comma = std::min(fragment.find(',', begin), fragment.size());
    terms.push_back(fragment.substr(begin, comma - begin));
    begin = comma + 1;
  }
  if (terms.front().ends_with('-')) {
    out.prefix = decoded(terms.front().substr(0, terms.front().size() - 1));
    terms.erase(terms.begin());
  }
  if (terms.back().starts_with('-')) {
    out.suffix = decoded(terms.back().substr(1));
    terms.pop_back();
  }
  out.start = decoded(terms.at(0));
  if (terms.size() > 1) out.end = decoded(terms.at(1));
  return out;
}

// Steps of "find a range from a text directive" on a plain text whose words are separated by one character of white
// space: exact bytes, whole words.
std::size_t find_term(const std::string& text, const std::string& term, std::size_t from) {
  for (std::size_t at = from; (at = text.find(term, at)) != std::string::npos; ++at) {
    const bool begins = at == 0 || text[at - 1] == ' ' || text[at - 1] == '\n';
    const std::size_t end = at + term.size();
    if (begins && (end == text.size() || text[end] == ' ' || text[end] == '\n')) return at;
  }
  return std::string::npos;
}

std::size_t skip_space(const std::string& text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\n')) ++at;
  return at;
}

text::Range find(const std::string& text, const Directive& directive) {
  for (std::size_t from = 0;;) {
    std::size_t start = std::string::npos;
    if (!directive.prefix.empty()) {
      const std::size_t prefix = find_term(text, directive.prefix, from);
      if (prefix == std::string::npos) return {};
      from = prefix + 1;
      start = skip_space(text, prefix + directive.prefix.size());
      if (find_term(text, directive.start, start) != start) continue;
    } else {
      start = find_term(text, directive.start, from);
      if (start == std::string::npos) return {};
      from = start + 1;
    }
    std::size_t end = start + directive.start.size();
    while (true) {
      if (!directive.end.empty()) {
        const std::size_t last = find_term(text, directive.end, end);
        if (last == std::string::npos) return {};
        end = last + directive.end.size();
      }
      const std::size_t after = skip_space(text, end);
      const bool fits = directive.suffix.empty() || find_term(text, directive.suffix, after) == after;
      if (fits) return {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end)};
      if (directive.end.empty()) break;
    }
  }
}

TEST(TextFragment, AShortQuoteStandsInItWhole) {
  const std::string text = "One thing. The quick, brown fox-cub & friend.\n\nEnd.";
  const auto begin = static_cast<std::uint32_t>(text.find("The"));
  EXPECT_EQ(text_fragment(text, {begin, static_cast<std::uint32_t>(text.find("\n\n"))}),
            ":~:text=The%20quick%2C%20brown%20fox%2Dcub%20%26%20friend.");
  EXPECT_EQ(text_fragment("Où est l'été ?", {0, 17}), ":~:text=O%C3%B9%20est%20l%27%C3%A9t%C3%A9%20%3F");
}

TEST(TextFragment, AQuoteThatIsThereTwiceGetsTheWordsBeforeIt) {
  const std::string text = "The door was shut. He waited.\n\nThe next day the door was shut. He left.";
  const auto second = static_cast<std::uint32_t>(text.rfind("door was shut."));
  const std::string fragment = text_fragment(text, {second, second + 14});
  EXPECT_EQ(fragment, ":~:text=day%20the-,door%20was%20shut.");
}

TEST(TextFragment, AQuoteOverTwoBlocksIsItsFirstAndLastWords) {
  const std::string text = "Alpha beta gamma delta epsilon zeta.\n\nEta theta iota kappa lambda mu.";
  EXPECT_EQ(text_fragment(text, {0, static_cast<std::uint32_t>(text.size())}),
            ":~:text=Alpha%20beta%20gamma%20delta,iota%20kappa%20lambda%20mu.");
}

TEST(TextFragment, CellsOfATableAreNotOneTerm) {
  const std::string text = "Name | Weight\nIron | 55.8";
  const std::string fragment = text_fragment(text, {14, static_cast<std::uint32_t>(text.size())});
  EXPECT_EQ(fragment.find("%7C"), std::string::npos) << fragment;
  EXPECT_EQ(fragment, ":~:text=Iron,55.8");
}

TEST(TextFragment, NothingToMarkIsNoFragment) {
  EXPECT_EQ(text_fragment("abc", {1, 1}), "");
  EXPECT_EQ(text_fragment("abc", {2, 9}), "");
  EXPECT_EQ(text_fragment("a   b", {1, 3}), "");
  EXPECT_EQ(text_fragment("", {0, 0}), "");
}

TEST(TextFragment, LinksKeepTheAddressAndItsFragment) {
  EXPECT_EQ(link_to("https://a.example/x", "One word.", {0, 3}), "https://a.example/x#:~:text=One");
  EXPECT_EQ(link_to("https://a.example/x#part", "One word.", {0, 3}), "https://a.example/x#part:~:text=One");
  EXPECT_EQ(link_to("file:///a/b.txt", "One word.", {0, 3}), "file:///a/b.txt");
}

// Texts of few words, so that nearly everything is there more than once; the reader is the specification's algorithm.
TEST(TextFragment, LeadsToItsOwnRangeInTextsThatRepeatThemselves) {
  std::mt19937_64 random(7);
  int unique = 0, all = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string text;
    std::vector<text::Range> words;
    const std::size_t size = 20 + random() % 80, kinds = 2 + random() % 6;
    for (std::size_t i = 0; i < size; ++i) {
      if (i > 0) text += random() % 9 == 0 ? "\n\n" : " ";
      const auto begin = static_cast<std::uint32_t>(text.size());
      text += static_cast<char>('a' + random() % kinds);
      words.push_back({begin, static_cast<std::uint32_t>(text.size())});
    }
    const std::size_t first = random() % size, last = std::min(size - 1, first + random() % 20);
    const text::Range range{words[first].begin, words[last].end};
    const std::string fragment = text_fragment(text, range);
    ASSERT_FALSE(fragment.empty());
    const text::Range found = find(text, parse(fragment));
    ++all;
    if (found.begin == range.begin && found.end == range.end) ++unique;
  }
  // With two kinds of words and thirty words of context, some places cannot be told apart.
  EXPECT_GE(unique * 100, all * 90) << unique << " of " << all;
}

TEST(TextFragment, LeadsToEverySentenceOfAnExtractedPage) {
  std::string html = "<title>Rules</title>";
  for (int i = 1; i <= 40; ++i)
    html += "<h2>Article " + std::to_string(i) + "</h2><p>The owner shall keep the path number " + std::to_string(i) +
            " free of snow.</p><p>The owner shall pay for it.</p>";
  const auto document = extract(html, {.content_type = "text/html"});
  ASSERT_TRUE(document.ok());
  int paragraphs = 0;
  for (const Block& block : document->blocks) {
    if (block.kind != BlockKind::paragraph) continue;
    const text::Range found = find(document->text, parse(text_fragment(document->text, block.range)));
    EXPECT_EQ(found.begin, block.range.begin);
    EXPECT_EQ(found.end, block.range.end);
    ++paragraphs;
  }
  EXPECT_EQ(paragraphs, 80);
}

}  // namespace
}  // namespace renvoi::extract
