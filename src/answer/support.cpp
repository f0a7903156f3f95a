#include "answer/support.h"

#include <algorithm>
#include <array>
#include <vector>

#include "text/normalize.h"
#include "text/terms.h"

namespace renvoi::answer {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::vector<std::string> numbers_in(std::string_view text) {
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i])) continue;
    std::size_t end = i;
    while (end < text.size() && is_digit(text[end])) ++end;
    numbers.emplace_back(text.substr(i, end - i));
    i = end;
  }
  return numbers;
}

bool denies(std::string_view text) {
  static constexpr std::array<std::string_view, 14> kWords{"not",    "no",   "never", "cannot", "without",
                                                           "ne",     "n",    "pas",   "jamais", "aucun",
                                                           "aucune", "sans", "nor",   "neither"};
  const std::string folded = text::fold(text::normalize_for_quotes(text));
  if (folded.find("n't") != std::string::npos) return true;
  std::string word;
  const auto is_word = [&] { return std::find(kWords.begin(), kWords.end(), word) != kWords.end(); };
  for (const char c : folded) {
    if ((c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80) {
      word += c;
      continue;
    }
    if (is_word()) return true;
    word.clear();
  }
  return is_word();
}

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

bool numbers_stand(const std::vector<std::string>& numbers, std::string_view unit) {
  const std::vector<std::string> there = numbers_in(unit);
  return std::all_of(numbers.begin(), numbers.end(), [&](const std::string& number) {
    return std::find(there.begin(), there.end(), number) != there.end();
  });
}

}  // namespace

Result<std::optional<std::size_t>> find_support(std::string_view sentence, const Evidence& evidence,
                                                std::span<const ScoredUnit> ranked, const TermWeights& weights,
                                                model::Embedder& embedder, std::stop_token stop,
                                                const SupportThresholds& thresholds) {
  const std::array<std::string_view, 1> texts{sentence};
  RENVOI_TRY(const model::Embeddings embedded, embedder.embed(texts, model::EmbedRole::passage, {}, stop));
  const std::vector<std::string> numbers = numbers_in(sentence);
  const bool denied = denies(sentence);
  std::optional<std::size_t> best;
  float best_score = 0;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    const EvidenceDocument& document = evidence.documents[ranked[i].unit.document];
    const std::string_view unit = text::slice(document.document.text, ranked[i].unit.range);
    const float near = cosine(embedded.row(0), ranked[i].vector);
    if (near < thresholds.least_cosine || denied != denies(unit) || !numbers_stand(numbers, unit)) continue;
    const std::string& language = document.document.language;
    const std::vector<std::string> said = text::terms(sentence, language);
    const float held = weights.share_held(said, term_set(unit_input(evidence, ranked[i].unit), language));
    if (said.empty() || held < thresholds.least_held) continue;
    // A single word is found in any sentence that holds it: then that sentence must be about the question.
    if (said.size() < 2 && ranked[i].held < thresholds.least_question_held_of_one_word) continue;
    if (!quotations_are_found(sentence, document.document.text)) continue;
    if (!best || near + held > best_score) {
      best = i;
      best_score = near + held;
    }
  }
  return best;
}

}  // namespace renvoi::answer
