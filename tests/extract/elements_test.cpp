// Every range of a page's text leads back to an element that says it: against a walk of the tree that lexbor makes of
// the page by itself, step by step along the path.
#include "extract/element_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lexbor/html/html.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "eval_pages.h"
#include "extract/extract.h"
#include "extract/site_boilerplate.h"

namespace renvoi::extract {
namespace {

using Tree = std::unique_ptr<lxb_html_document_t, decltype(&lxb_html_document_destroy)>;

Tree parse(const std::string& page) {
  Tree tree(lxb_html_document_create(), lxb_html_document_destroy);
  lxb_html_document_parse(tree.get(), reinterpret_cast<const lxb_char_t*>(page.data()), page.size());
  return tree;
}

std::string_view name_of(lxb_dom_node_t* node) {
  std::size_t length = 0;
  const auto* name = lxb_dom_element_local_name(lxb_dom_interface_element(node), &length);
  return {reinterpret_cast<const char*>(name), length};
}

std::string_view id_of(lxb_dom_node_t* node) {
  std::size_t length = 0;
  const auto* id = lxb_dom_element_id(lxb_dom_interface_element(node), &length);
  return id == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(id), length);
}

std::vector<lxb_dom_node_t*> children(lxb_dom_node_t* node, std::string_view name) {
  std::vector<lxb_dom_node_t*> out;
  for (lxb_dom_node_t* child = node->first_child; child != nullptr; child = child->next)
    if (child->type == LXB_DOM_NODE_TYPE_ELEMENT && (name.empty() || name_of(child) == name)) out.push_back(child);
  return out;
}

// Null when there is none, or more than one.
lxb_dom_node_t* follow(lxb_dom_node_t* root, std::string_view path) {
  lxb_dom_node_t* at = root;
  while (!path.empty() && path.front() == '/') {
    path.remove_prefix(1);
    std::string_view step = path.substr(0, path.find('/'));
    path.remove_prefix(step.size());
    std::size_t wanted = 0;
    if (const std::size_t open = step.find('['); open != std::string_view::npos) {
      std::from_chars(step.data() + open + 1, step.data() + step.size(), wanted);
      step = step.substr(0, open);
    }
    const std::vector<lxb_dom_node_t*> same = children(at, step);
    if (wanted == 0 ? same.size() != 1 : wanted > same.size() || same.size() < 2) return nullptr;
    at = same[wanted == 0 ? 0 : wanted - 1];
  }
  return path.empty() ? at : nullptr;
}

// Without white space and what no text holds: how a page is laid out does not count.
std::string letters(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\xC2\xA0")) {
      ++i;
    } else if (static_cast<unsigned char>(text[i]) > ' ' && text[i] != 0x7F) {
      out += text[i];
    }
  }
  return out;
}

std::string letters_below(lxb_dom_node_t* node) {
  std::size_t length = 0;
  lxb_char_t* text = lxb_dom_node_text_content(node, &length);
  const std::string out = letters({reinterpret_cast<const char*>(text), length});
  lxb_dom_document_destroy_text(node->owner_document, text);
  return out;
}

// Letter by letter, with others between: what is hidden in the middle of a paragraph.
bool is_within(std::string_view letters, std::string_view all) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < all.size() && found < letters.size(); ++i)
    if (all[i] == letters[found]) ++found;
  return found == letters.size();
}

struct Seen {
  std::size_t places = 0, whole = 0, tight = 0;
};

void check(const std::string& page, Seen& seen) {
  const auto document = extract(page, {.content_type = "text/html; charset=utf-8"});
  if (!document.ok()) return;
  const Tree tree = parse(page);
  lxb_dom_node_t* const root = lxb_dom_interface_node(tree.get());
  std::size_t next = 0;
  for (const Block& block : document->blocks) {
    std::uint32_t end = block.range.begin, places = 0;
    for (; next < document->elements.places().size(); ++next, ++places) {
      const ElementMap::Place& place = document->elements.places()[next];
      if (place.range.begin >= block.range.end) break;
      ASSERT_GE(place.range.begin, end);
      ASSERT_GT(place.range.end, place.range.begin);
      ASSERT_LE(place.range.end, block.range.end);
      end = place.range.end;
      const std::string path = document->elements.path(place.element);
      const std::string_view text = text::slice(document->text, place.range);
      lxb_dom_node_t* const node = follow(root, path);
      ASSERT_NE(node, nullptr) << path << ": " << text;
      EXPECT_EQ(name_of(node), document->elements.tag(place.element));
      std::string_view id;
      for (lxb_dom_node_t* at = node; at != nullptr && at->type == LXB_DOM_NODE_TYPE_ELEMENT && id.empty();
           at = at->parent)
        if (id_of(at).size() <= 200) id = id_of(at);
      EXPECT_EQ(id, document->elements.nearest_id(place.element)) << path;
      const std::string wanted = letters(text), all = letters_below(node);
      ++seen.places;
      if (all.find(wanted) != std::string::npos) {
        ++seen.whole;
      } else {
        EXPECT_TRUE(is_within(wanted, all)) << path << ": " << text;
      }
      EXPECT_EQ(document->elements.place_at(place.range.begin), &place);
      EXPECT_EQ(document->elements.place_at(place.range.end - 1), &place);
      // Nothing smaller that begins a line of its own says it.
      const std::vector<lxb_dom_node_t*> below = children(node, "");
      seen.tight += std::none_of(below.begin(), below.end(), [&](lxb_dom_node_t* child) {
        const std::string_view name = name_of(child);
        const bool line = name == "p" || name == "div" || name == "li" || name == "td" || name == "section";
        return line && letters_below(child).find(wanted) != std::string::npos;
      });
    }
    EXPECT_GE(places, 1u) << text::slice(document->text, block.range);
    if (block.kind != BlockKind::table_row) {
      EXPECT_EQ(places, 1u);
    }
  }
  EXPECT_EQ(next, document->elements.places().size());
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Elements, EveryRangeOfAGoldenPageLeadsToTheElementThatSaysIt) {
  Seen seen;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(TEST_SOURCE_DIR) / "tests/golden/pages")) {
    if (entry.path().extension() != ".html") continue;
    SCOPED_TRACE(entry.path().filename());
    check(read_all(entry.path()), seen);
  }
  std::printf("golden pages: %zu places, %zu in one piece, %zu in no smaller box\n", seen.places, seen.whole,
              seen.tight);
  EXPECT_GE(seen.places, 300u);
  EXPECT_GE(seen.whole * 100, seen.places * 97);
  EXPECT_GE(seen.tight * 100, seen.places * 99);
}

TEST(Elements, EveryRangeOfARealPageLeadsToTheElementThatSaysIt) {
  for (const char* set : {"html-scrapinghub", "html-readability"}) {
    const std::vector<test::EvalPage> pages = test::eval_pages(TEST_EVAL_DIR, set);
    if (pages.empty()) GTEST_SKIP() << "the evaluation data are not at " << TEST_EVAL_DIR;
    Seen seen;
    for (const test::EvalPage& page : pages) {
      SCOPED_TRACE(page.name);
      check(page.bytes, seen);
    }
    std::printf("%s: %zu places, %zu in one piece, %zu in no smaller box\n", set, seen.places, seen.whole, seen.tight);
    EXPECT_GE(seen.whole * 100, seen.places * 97);
    EXPECT_GE(seen.tight * 100, seen.places * 98) << "a line may be said again in a box within";
  }
}

Document read(const std::string& page) {
  const auto document = extract(page, {.content_type = "text/html"});
  EXPECT_TRUE(document.ok());
  return document.ok() ? *document : Document{};
}

std::vector<std::string> described(const Document& document) {
  std::vector<std::string> out;
  for (const auto& [range, element] : document.elements.places())
    out.push_back(std::string(text::slice(document.text, range)) + " <- " + document.elements.path(element) + " #" +
                  std::string(document.elements.nearest_id(element)));
  return out;
}

TEST(Elements, AreParagraphsItemsCellsHeadingsAndTheBoxesOfLooseText) {
  const Document document = read(
      "<title>T</title><main id=m><h2>A <em>heading</em></h2><p>One <b>bold</b> line.</p><p id=two>Two lines.</p>"
      "<ul><li>An item<li><p>Another</ul><table><tr><th>Pan</th><th> </th><th>Price</th><tr><td id=c>Iron  pan<td><p>of"
      "<p>iron<td>40</table><div>loose<br><br>words</div><pre>code\n  more</pre></main>");
  EXPECT_THAT(described(document),
              testing::ElementsAre(
                  "A heading <- /html/body/main/h2 #m", "One bold line. <- /html/body/main/p[1] #m",
                  "Two lines. <- /html/body/main/p[2] #two", "An item <- /html/body/main/ul/li[1] #m",
                  "Another <- /html/body/main/ul/li[2]/p #m", "Pan <- /html/body/main/table/tbody/tr[1]/th[1] #m",
                  "Price <- /html/body/main/table/tbody/tr[1]/th[3] #m",
                  "Iron pan <- /html/body/main/table/tbody/tr[2]/td[1] #c",
                  "of iron <- /html/body/main/table/tbody/tr[2]/td[2] #m",
                  "40 <- /html/body/main/table/tbody/tr[2]/td[3] #m", "loose <- /html/body/main/div #m",
                  "words <- /html/body/main/div #m", "code\n  more <- /html/body/main/pre #m"));
}

TEST(Elements, APathWithoutEndIsCut) {
  std::string page = "<p>First.</p>";
  for (int i = 0; i < 400; ++i) page += "<section>";
  const Document document = read(page + "<p>The end of it, deep down, where a sentence stands.</p>");
  ASSERT_FALSE(document.elements.places().empty());
  const std::string path = document.elements.path(document.elements.places().back().element);
  EXPECT_LE(path.size(), 1'001u);
  EXPECT_TRUE(path.starts_with("//section/")) << path;
  EXPECT_TRUE(path.ends_with("/p")) << path;
}

TEST(Elements, WhatIsNoPageHasNone) {
  const auto document = extract("# A\n\nText.\n", {.name = "a.md"});
  ASSERT_TRUE(document.ok());
  EXPECT_TRUE(document->elements.places().empty());
  EXPECT_EQ(document->elements.place_at(0), nullptr);
}

TEST(Elements, StayWithTheirTextWhenWhatASiteRepeatsIsTakenOut) {
  const std::string about = "Ferrum is a maker of cast iron pans, founded in 1911 and still owned by the same family.";
  const auto page = [&](int n) {
    return read("<main><p>Page " + std::to_string(n) +
                " says something that no other page of this site does say, and says it at such a length that what the "
                "site repeats is less.</p><p>" +
                about + "</p><table><tr><td>Pan<td>" + std::to_string(n) + "<tr><td>Lid<td>7</table></main>");
  };
  SiteBoilerplate site;
  for (int i = 0; i < 4; ++i) site.learn(page(i));
  Document document = page(5);
  ASSERT_EQ(site.take_out(document), 1u);
  EXPECT_THAT(described(document),
              testing::ElementsAre("Page 5 says something that no other page of this site does say, and says it at "
                                   "such a length that what the site repeats is less. <- /html/body/main/p[1] #",
                                   "Pan <- /html/body/main/table/tbody/tr[1]/td[1] #",
                                   "5 <- /html/body/main/table/tbody/tr[1]/td[2] #",
                                   "Lid <- /html/body/main/table/tbody/tr[2]/td[1] #",
                                   "7 <- /html/body/main/table/tbody/tr[2]/td[2] #"));
}

}  // namespace
}  // namespace renvoi::extract
