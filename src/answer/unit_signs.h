// What speaks for a unit as the answer to a question, in numbers, and how much each counts. Pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace renvoi::answer {

enum class Sign : std::uint8_t {
  cosine,          // of the question with the unit under its headings
  cosine_in_text,  // with the unit after the one before it
  held,            // share of the question's words in the unit, each by its rareness in the collection
  held_headed,     // in the unit and its headings
  held_locally,    // in the unit, each word by its rareness among the units of the document
  held_before,     // in the unit before it
  held_together,   // in the two together
  pieces,          // share of the question's runs of four letters
  pairs,           // share of the question's pairs of neighbouring words that are neighbours there too
  words,           // logarithm of 1 + the number of the unit's words
  first,           // 1 for the first unit of its document's evidence
  says_number,     // 1 when the question asks for such a thing and the unit holds one that the question does not
  says_time,
  says_person,
  says_place,
  says_reason,
};
constexpr std::size_t kSigns = 16;
constexpr std::array<std::string_view, kSigns> kSignNames = {
    "cosine", "cosine_in_text", "held",  "held_headed", "held_locally", "held_before", "held_together", "pieces",
    "pairs",  "words",          "first", "says_number", "says_time",    "says_person", "says_place",    "says_reason"};

struct UnitSigns {
  std::array<float, kSigns> values{};
  float& operator[](Sign sign) { return values[static_cast<std::size_t>(sign)]; }
  float operator[](Sign sign) const { return values[static_cast<std::size_t>(sign)]; }
};

// In the order of Sign. Fitted by bench/fit_units.py: the score of a unit is then the logarithm of how likely it is to
// hold the answer, up to a constant of its question.
constexpr std::array<float, kSigns> kSignWeights = {36.3F, 12.1F, -4.0F, 1.9F, 1.0F, -.8F, 1.5F, 2.1F,
                                                    .2F,   .3F,   -.2F,  1.9F, 2.1F, 1.6F, 1.0F, 1.5F};

float score_of(const UnitSigns& signs);

}  // namespace renvoi::answer
