#include "answer/support.h"

#include <algorithm>
#include <map>

#include "answer/instruction_like.h"
#include "text/normalize.h"

namespace renvoi::answer {
namespace {

// What stands between quotation marks, after normalisation; guillemets become them there.
bool quotations_are_found(std::string_view sentence, std::string_view document) {
  const std::string normal = text::normalize_for_quotes(sentence);
  std::size_t open = normal.find('"');
  while (open != std::string::npos) {
    const std::size_t close = normal.find('"', open + 1);
    if (close == std::string::npos) return true;
    const std::string quoted = normal.substr(open + 1, close - open - 1);
    if (quoted.find_first_not_of(' ') != std::string::npos && !text::find_quote(document, quoted)) return false;
    open = normal.find('"', close + 1);
  }
  return true;
}

}  // namespace

SupportFinder::SupportFinder(const Evidence& evidence, std::span<const ScoredUnit> ranked,
                             const SupportThresholds& thresholds)
    : evidence_(evidence), ranked_(ranked), thresholds_(thresholds), units_(ranked.size()) {
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    const extract::Document& document = evidence.documents[ranked[i].unit.document].document;
    ReadUnit& unit = units_[i];
    unit.said = read_said(text::slice(document.text, ranked[i].unit.range), document.language);
    unit.heading_text = document.title + '\n' + extract::heading_path_at(document, ranked[i].unit.range.begin);
    if (!suspects_in(unit.heading_text).empty()) unit.heading_text.clear();
    unit.heading = read_said(unit.heading_text, document.language);
  }
}

std::optional<Support> SupportFinder::find(std::string_view sentence) const {
  std::map<std::string, Said> by_language;  // words are read as the evidence's language has them
  std::optional<Support> best;
  for (std::size_t i = 0; i < ranked_.size(); ++i) {
    const extract::Document& document = evidence_.documents[ranked_[i].unit.document].document;
    const auto known = by_language.find(document.language);
    const Said& said =
        known != by_language.end()
            ? known->second
            : by_language.emplace(document.language, read_said(sentence, document.language)).first->second;
    const Alignment found = align(said, units_[i].said, units_[i].heading, thresholds_.alignment);
    if (found.misfit != Misfit::none) continue;
    // A single word is found in any sentence that holds it: then that sentence must be about the question.
    if (found.weighing < 2 && ranked_[i].held < thresholds_.least_question_held_of_one_word) continue;
    if (best && (found.aligned < best->alignment.aligned ||
                 (found.aligned == best->alignment.aligned && found.skipped >= best->alignment.skipped)))
      continue;
    if (quotations_are_found(sentence, document.text)) best = Support{i, found};
  }
  return best;
}

}  // namespace renvoi::answer
