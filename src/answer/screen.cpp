#include "answer/screen.h"

#include <algorithm>
#include <string>

#include "answer/instruction_like.h"

namespace renvoi::answer {
namespace {

constexpr std::uint32_t kFewMasked = 20;  // characters: an icon's name, a hint for readers of screens

void add(std::vector<Flagged>& flagged, const EvidenceDocument& document, std::string reason) {
  const catalog::Reference& reference = document.reference;
  const bool known = std::any_of(flagged.begin(), flagged.end(), [&](const Flagged& one) {
    return one.address == reference.address && one.reason == reason;
  });
  if (!known) flagged.push_back({reference.id, reference.address, std::move(reason)});
}

}  // namespace

std::vector<Flagged> screen(Evidence& evidence) {
  std::vector<Flagged> flagged;
  for (EvidenceDocument& document : evidence.documents) {
    const std::string& text = document.document.text;
    for (const EvidencePassage& passage : document.passages) {
      const text::Range range = passage.passage.range;
      const std::vector<Suspect> suspects = suspects_in(text::slice(text, range));
      if (suspects.empty()) continue;
      document.kept_out.push_back({range.begin + suspects.front().range.begin, range.end});
      for (const Suspect& suspect : suspects)
        add(flagged, document, "text kept out: " + std::string(to_string(suspect.what)));
    }
    if (!suspects_in(document.document.title).empty()) add(flagged, document, "title that speaks to an assistant");
    if (document.document.masked_characters > kFewMasked)
      add(flagged, document, "hidden text: " + std::to_string(document.document.masked_characters) + " characters");
  }
  return flagged;
}

text::Range shown_part(const EvidenceDocument& document, text::Range range) {
  for (const text::Range& out : document.kept_out)
    if (out.begin < range.end && range.begin < out.end) range.end = std::max(range.begin, out.begin);
  return range;
}

text::Range shown_around(const EvidenceDocument& document, text::Range range) {
  text::Range around{0, static_cast<std::uint32_t>(document.document.text.size())};
  for (const text::Range& out : document.kept_out) {
    if (out.end <= range.begin) around.begin = std::max(around.begin, out.end);
    if (out.begin >= range.end) around.end = std::min(around.end, out.begin);
  }
  return around;
}

bool is_kept_out(const EvidenceDocument& document, text::Range range) {
  return std::any_of(document.kept_out.begin(), document.kept_out.end(),
                     [&](text::Range out) { return out.begin < range.end && range.begin < out.end; });
}

}  // namespace renvoi::answer
