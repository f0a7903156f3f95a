#include "answer/word_signs.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "answer/question_kind.h"
#include "text/terms.h"

namespace renvoi::answer {
namespace {

constexpr std::size_t kPieceBytes = 4;  // of folded words: letters, for French and English

std::unordered_set<std::string> pieces_of(const WordSet& words) {
  std::unordered_set<std::string> pieces;
  for (const std::string& word : words)
    for (std::size_t i = 0; i + kPieceBytes <= word.size(); ++i) pieces.insert(word.substr(i, kPieceBytes));
  return pieces;
}

template <typename Set>
float share_of(const Set& wanted, const Set& held) {
  if (wanted.empty()) return 0;
  const auto found = std::count_if(wanted.begin(), wanted.end(), [&](const auto& each) { return held.contains(each); });
  return static_cast<float>(found) / static_cast<float>(wanted.size());
}

// The question's terms in one language, each once.
std::vector<std::string> distinct_terms(const std::string& text, const std::string& language) {
  std::vector<std::string> distinct;
  for (std::string& term : text::terms(text, language))
    if (std::find(distinct.begin(), distinct.end(), term) == distinct.end()) distinct.push_back(std::move(term));
  return distinct;
}

using Pairs = std::set<std::pair<std::string, std::string>>;

Pairs pairs_of(std::string_view text, const std::string& language) {
  const std::vector<std::string> terms = text::terms(text, language);
  Pairs pairs;
  for (std::size_t i = 0; i + 1 < terms.size(); ++i) pairs.emplace(terms[i], terms[i + 1]);
  return pairs;
}

// The units of one document, in order.
class DocumentUnits {
 public:
  DocumentUnits(const Evidence& evidence, std::span<const Unit> units, const Question& question,
                const TermWeights& weights)
      : evidence_(evidence), units_(units), weights_(weights) {
    const extract::Document& document = evidence.documents[units.front().document].document;
    wanted_ = distinct_terms(question.text, document.language);
    pairs_ = pairs_of(question.text, document.language);
    std::unordered_map<std::string, float> holding;
    for (const Unit& unit : units) {
      terms_.push_back(term_set(text::slice(document.text, unit.range), document.language));
      for (const std::string& term : wanted_) holding[term] += terms_.back().contains(term) ? 1.0F : 0.0F;
    }
    const auto all = static_cast<float>(units.size());
    for (const std::string& term : wanted_) {
      const float count = holding[term];
      local_.push_back(count > 0 ? std::log(1 + (all - count + 0.5F) / (count + 0.5F)) : 0);
    }
  }

  void add_shares(std::size_t i, UnitSigns& signs) const {
    const extract::Document& document = evidence_.documents[units_[i].document].document;
    signs[Sign::held] = share(terms_[i]);
    signs[Sign::held_headed] = share(term_set(unit_input(evidence_, units_[i]), document.language));
    signs[Sign::held_locally] = local_share(terms_[i]);
    if (i > 0) signs[Sign::held_before] = share(terms_[i - 1]);
    TermSet together = terms_[i];
    if (i > 0) together.insert(terms_[i - 1].begin(), terms_[i - 1].end());
    signs[Sign::held_together] = share(together);
    signs[Sign::pairs] = share_of(pairs_, pairs_of(text::slice(document.text, units_[i].range), document.language));
    signs[Sign::words] = std::log(1 + static_cast<float>(terms_[i].size()));
    signs[Sign::first] = i == 0 ? 1 : 0;
  }

 private:
  float share(const TermSet& held) const { return wanted_.empty() ? 0 : weights_.share_held(wanted_, held); }
  float local_share(const TermSet& held) const {
    const float all = std::accumulate(local_.begin(), local_.end(), 0.0F);
    float found = 0;
    for (std::size_t t = 0; t < wanted_.size(); ++t) found += held.contains(wanted_[t]) ? local_[t] : 0;
    return all > 0 ? found / all : 0;
  }

  const Evidence& evidence_;
  std::span<const Unit> units_;
  const TermWeights& weights_;
  std::vector<std::string> wanted_;
  Pairs pairs_;
  std::vector<float> local_;
  std::vector<TermSet> terms_;
};

void add_what_is_asked(std::string_view text, Asked asked, const WordSet& question, UnitSigns& signs) {
  if (asked == Asked::anything || spans_asked_for(asked, text, question).empty()) return;
  const Sign sign = asked == Asked::number   ? Sign::says_number
                    : asked == Asked::time   ? Sign::says_time
                    : asked == Asked::person ? Sign::says_person
                    : asked == Asked::place  ? Sign::says_place
                                             : Sign::says_reason;
  signs[sign] = 1;
}

}  // namespace

std::vector<UnitSigns> word_signs(const Evidence& evidence, std::span<const Unit> found, const Question& question,
                                  const TermWeights& weights) {
  std::vector<UnitSigns> all(found.size());
  const Asked asked = asked_for(question.text);
  const WordSet question_words = folded_words(question.text);
  const auto question_pieces = pieces_of(question_words);
  for (std::size_t begin = 0; begin < found.size();) {
    std::size_t end = begin;
    while (end < found.size() && found[end].document == found[begin].document) ++end;
    const DocumentUnits units(evidence, found.subspan(begin, end - begin), question, weights);
    for (std::size_t i = begin; i < end; ++i) {
      const std::string_view text = text::slice(evidence.documents[found[i].document].document.text, found[i].range);
      units.add_shares(i - begin, all[i]);
      all[i][Sign::pieces] = share_of(question_pieces, pieces_of(folded_words(text)));
      add_what_is_asked(text, asked, question_words, all[i]);
    }
    begin = end;
  }
  return all;
}

}  // namespace renvoi::answer
