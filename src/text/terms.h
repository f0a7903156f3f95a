// From text to the terms of the index: words by Unicode (UAX #29), lower case, accents folded, French elision split off
// (l'eau -> eau), function words dropped, stems by Snowball.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace renvoi::text {

struct TermCount {
  std::string term;         // a stem, in UTF-8, at most 64 bytes
  std::uint32_t frequency;  // at least 1
  bool operator==(const TermCount&) const = default;
};

// The stems of `text` in order, repeated as often as they occur. `language` as from detect_language; one without a
// stemmer gives folded words. Numbers and identifiers (Ctrl+S, 2024/1689, x86_64) are kept whole and in their parts.
std::vector<std::string> terms(std::string_view text, std::string_view language);

// The same, counted, sorted by term.
std::vector<TermCount> count_terms(std::string_view text, std::string_view language);

}  // namespace renvoi::text
