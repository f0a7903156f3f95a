#include "extract/pdf_margins.h"

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr double kMargin = .1;       // of the page's height
constexpr double kSamePlace_pt = 4;  // as far as a line of another page may be
constexpr std::size_t kSamePages = 3;

// The words of a line with every number made "#".
std::string shape_of(const std::string& text) {
  std::string out;
  for (const char c : text::fold(text)) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && out.ends_with('#')) continue;
    out += digit ? '#' : c;
  }
  return out;
}

bool in_margin(const PdfLine& line, const PdfPage& page) {
  return page.height > 0 && (line.y_max < page.height * kMargin || line.y_min > page.height * (1 - kMargin));
}

using Place = std::pair<std::string, long>;

Place place_of(const PdfLine& line) { return {shape_of(line.text), std::lround(line.y_min / kSamePlace_pt)}; }

}  // namespace

void drop_running_heads(PdfLayout& layout) {
  std::map<Place, std::set<std::size_t>> pages;
  for (std::size_t i = 0; i < layout.pages.size(); ++i)
    for (const PdfLine& line : layout.pages[i].lines)
      if (in_margin(line, layout.pages[i])) pages[place_of(line)].insert(i);
  const std::size_t enough = layout.pages.size() == 2 ? 2 : kSamePages;
  // A line near the border of two places may be counted in either.
  const auto seen_on = [&](const Place& place) {
    std::set<std::size_t> all;
    for (const long shift : {-1L, 0L, 1L})
      if (const auto found = pages.find({place.first, place.second + shift}); found != pages.end())
        all.insert(found->second.begin(), found->second.end());
    return all.size();
  };
  std::map<Place, bool> runs;
  for (const auto& [place, ignored] : pages) runs[place] = seen_on(place) >= enough;
  for (PdfPage& page : layout.pages)
    std::erase_if(page.lines, [&](const PdfLine& line) { return in_margin(line, page) && runs[place_of(line)]; });
}

}  // namespace renvoi::extract
