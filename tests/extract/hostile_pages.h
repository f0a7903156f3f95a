// Pages made to cost: what is quadratic in some parser, what has no end, what is nested or repeated without measure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace renvoi::test {

inline std::string repeat(std::string_view piece, std::size_t times) {
  std::string out;
  out.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += piece;
  return out;
}

inline std::vector<std::pair<const char*, std::string>> hostile_pages() {
  std::string attributes = "<p ", unclosed;
  for (int i = 0; i < 200'000; ++i) attributes += "a" + std::to_string(i) + "=1 ";
  for (int i = 0; i < 20'000; ++i) unclosed += "<p><b><table><tr><td><ul><li><a href=x>w ";
  std::vector<std::pair<const char*, std::string>> pages = {
      {"100,000 nested div", repeat("<div>", 100'000)},
      {"200,000 attributes", attributes + ">x</p>"},
      {"20,000 nested font", repeat("<font>", 20'000)},
      {"10 MB of <", std::string(10'000'000, '<')},
      {"10 MB comment", "<!--" + std::string(10'000'000, '-') + "-->"},
      {"10,000 nested tables", repeat("<table><tr><td>", 10'000)},
      {"everything unclosed", unclosed},
      {"50,000 misnested formats", repeat("<b><i></b></i>", 50'000)},
      {"100,000 list items", repeat("<li><a href=x>word</a>", 100'000)},
      {"100,000 hidden", repeat("<p style='display:none'>x", 100'000)},
      {"100,000 frames", repeat("<div class='sidebar nav'>word</div>", 100'000)},
      {"300 levels of 300 forms",
       repeat("<div class=related>", 300) + repeat("<form><input type=text>w</form>", 30'000)},
      {"50,000 headings that announce", repeat("<h2>Related</h2><p>x</p>", 50'000)},
      {"300 headers of 20,000 lists", repeat("<header>", 300) + repeat("<ul><li><a href=#>w</a></ul>", 20'000)},
      {"rows of 50,000 cells", "<table>" + repeat("<tr>" + repeat("<td>w", 50'000), 2) + "</table>"},
      {"50,000 tables in cells", "<table><tr>" + repeat("<td><table><tr><td>w</table>", 50'000) + "<tr><td>w"},
      {"10 MB of text", repeat("<p>word and word. ", 600'000)}};
  for (auto& [name, page] : pages) page.insert(0, "<p>The first paragraph of this page, which is read.</p>");
  return pages;
}

}  // namespace renvoi::test
