#include "answer/alignment.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "text/normalize.h"

namespace renvoi::answer {
namespace {

constexpr std::size_t kMostWords = 400;  // of either; longer sentences are no answers, longer units are lists

// A surname stands for a name, but the Carolina of North Carolina does not.
constexpr std::array<std::string_view, 22> kBindsToName = {
    "north", "south", "east", "west", "new",   "upper",   "lower",    "greater", "vice",   "deputy", "anti",
    "pro",   "ex",    "nord", "sud",  "ouest", "nouveau", "nouvelle", "saint",   "sainte", "haute",  "basse"};

// What a model may say of its evidence without saying anything of the world.
constexpr std::array<std::string_view, 16> kOfTheEvidence = {
    "accord", "evid", "document", "text",  "state",  "say",      "mention", "passag",
    "indiqu", "docu", "selon",    "preuv", "precis", "mentionn", "sourc",   "describ"};

using Words = std::vector<StatementWord>;

float worth(WordKind kind) {
  switch (kind) {
    case WordKind::name:
    case WordKind::number:
      return 4.0F;
    case WordKind::content:
      return 3.0F;
    case WordKind::bearing:
      return 2.0F;
    case WordKind::preposition:
    case WordKind::being:
      return 1.0F;
    default:
      return 0.6F;
  }
}

// The words of `said` to words of `there`, in order, those that weigh first and close together rather than apart
// (Needleman and Wunsch 1970, with free ends on the side of the evidence). -1: stands alone.
std::vector<int> best_alignment(const Words& said, const Words& there) {
  const std::size_t rows = said.size() + 1, columns = there.size() + 1;
  constexpr float kSkip = 0.03F, kNext = 0.5F;
  std::vector<float> best(rows * columns, 0.0F), matched(rows * columns, -1e9F);
  std::vector<std::uint8_t> from(rows * columns, 0);  // 1: left out of said, 2: of there, 3: matched
  const auto at = [&](std::size_t i, std::size_t j) { return i * columns + j; };
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      if (i == 0 || j == 0) {
        from[at(i, j)] = i > 0 ? 1 : j > 0 ? 2 : 0;
        continue;
      }
      const bool free_end = i == rows - 1;
      float score = best[at(i - 1, j)];
      std::uint8_t how = 1;
      if (const float left = best[at(i, j - 1)] - (free_end ? 0.0F : kSkip); left >= score) score = left, how = 2;
      if (same_word(said[i - 1], there[j - 1])) {
        const float worth_it = worth(said[i - 1].kind);
        const float here = std::max(best[at(i - 1, j - 1)], matched[at(i - 1, j - 1)] + kNext) + worth_it;
        matched[at(i, j)] = here;
        if (here > score) score = here, how = 3;
      }
      best[at(i, j)] = score;
      from[at(i, j)] = how;
    }
  }
  std::vector<int> to(said.size(), -1);
  for (std::size_t i = rows - 1, j = columns - 1; i > 0 && j > 0;) {
    const std::uint8_t how = from[at(i, j)];
    if (how == 3) {
      to[i - 1] = static_cast<int>(j - 1);
      // Along the neighbours, where that is what was counted.
      --i, --j;
      while (i > 0 && j > 0 && matched[at(i, j)] > -1e8F && matched[at(i, j)] + kNext > best[at(i, j)]) {
        to[i - 1] = static_cast<int>(j - 1);
        --i, --j;
      }
    } else if (how == 1) {
      --i;
    } else {
      --j;
    }
  }
  return to;
}

class Judge {
 public:
  Judge(const Words& said, const Words& there, const Words& heading, std::string_view evidence)
      : said_(said), there_(there), evidence_(evidence), to_(best_alignment(said, there)) {
    for (const StatementWord& word : heading) heading_.insert(word.folded);
    is_aligned_.assign(there.size(), false);
    for (const int place : to_)
      if (place >= 0) is_aligned_[static_cast<std::size_t>(place)] = true;
    for (std::size_t i = 0; i < said_.size(); ++i) {
      if (to_[i] < 0 || !weighs(said_[i].kind)) continue;
      if (first_ == kNone) first_ = i;
      last_ = i;
    }
  }

  Alignment run(const AlignmentOptions& options) {
    Alignment found;
    for (std::size_t i = 0; i < said_.size(); ++i) {
      if (!weighs(said_[i].kind)) continue;
      ++found.weighing;
      if (to_[i] >= 0) ++found.aligned;
    }
    if (found.weighing == 0) return found;
    if (first_ == kNone) return found.misfit = Misfit::words, found;
    for (std::size_t j = place(first_); j < place(last_); ++j) found.skipped += is_aligned_[j] ? 0 : 1;
    found.misfit = words_that_stand_alone(options, found);
    if (found.misfit == Misfit::none) found.misfit = runs();
    if (found.misfit == Misfit::none) found.misfit = ends();
    return found;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t place(std::size_t i) const { return static_cast<std::size_t>(to_[i]); }

  // The aligned word before and after `i`; kNone at the ends.
  std::size_t aligned_before(std::size_t i) const {
    while (i > 0)
      if (to_[--i] >= 0) return i;
    return kNone;
  }
  std::size_t aligned_after(std::size_t i) const {
    while (++i < said_.size())
      if (to_[i] >= 0) return i;
    return kNone;
  }

  // In the place of a word of the heading: nothing that weighs is left out of the evidence there.
  bool may_be_of_heading(std::size_t i) const {
    if (!heading_.contains(said_[i].folded)) return false;
    const std::size_t before = aligned_before(i), after = aligned_after(i);
    const std::size_t begin = before == kNone ? 0 : place(before) + 1;
    const std::size_t end = after == kNone ? there_.size() : place(after);
    if (i > first_ && (before == kNone || after == kNone || begin == end)) return false;
    for (std::size_t j = begin; j < end; ++j)
      if (weighs(there_[j].kind)) return false;
    return true;
  }

  Misfit words_that_stand_alone(const AlignmentOptions& options, Alignment& found) const {
    std::uint32_t content = 0, alone = 0;
    for (std::size_t i = 0; i < said_.size(); ++i) {
      const StatementWord& word = said_[i];
      content += word.kind == WordKind::content ? 1 : 0;
      if (to_[i] >= 0) continue;
      if (word.kind == WordKind::bearing) return Misfit::turned;
      if (word.kind == WordKind::preposition && (word.key == "by" || word.key == "par" || word.key == "from"))
        return Misfit::roles;
      if (!weighs(word.kind)) continue;
      if (may_be_of_heading(i)) {
        ++found.aligned;
        continue;
      }
      if (word.kind == WordKind::number) return Misfit::numbers;
      if (word.kind == WordKind::name) return Misfit::names;
      const bool of_evidence = std::any_of(kOfTheEvidence.begin(), kOfTheEvidence.end(),
                                           [&](std::string_view stem) { return word.key == stem; });
      if (!of_evidence) ++alone;
    }
    const auto most = static_cast<std::uint32_t>((1.0F - options.least_held) * static_cast<float>(content) + 1e-4F);
    return alone > most ? Misfit::words : Misfit::none;
  }

  bool break_in(std::size_t begin, std::size_t end) const {  // before any of the words [begin, end]
    for (std::size_t j = begin; j <= end && j < there_.size(); ++j)
      if (there_[j].after_break) return true;
    return false;
  }

  // What governs word j of the evidence: the preposition to its left, over what is left out between.
  bool loses_preposition(std::size_t j, std::size_t from) const {
    while (j > from) {
      --j;
      if (is_aligned_[j]) return false;
      if (there_[j].kind == WordKind::preposition) return true;
      if (weighs(there_[j].kind) || there_[j].kind == WordKind::coordinator) return false;
    }
    return false;
  }

  // Between neighbours that are aligned: what the one side leaves out, and the other adds.
  Misfit runs() const {
    std::size_t before = kNone;
    for (std::size_t i = 0; i < said_.size(); ++i) {
      if (to_[i] < 0) continue;
      if (before != kNone) {
        if (const Misfit misfit = run(before, i); misfit != Misfit::none) return misfit;
      }
      before = i;
    }
    return Misfit::none;
  }

  Misfit run(std::size_t before, std::size_t i) const {
    const std::size_t begin = place(before) + 1, end = place(i);
    bool added_being = false, added_preposition = false, added_coordinator = false;
    for (std::size_t k = before + 1; k < i; ++k) {
      added_being |= said_[k].kind == WordKind::being;
      added_preposition |= said_[k].kind == WordKind::preposition;
      added_coordinator |= said_[k].kind == WordKind::coordinator;
    }
    const bool outer_break =
        begin < there_.size() && there_[begin].after_break && there_[end].after_break && begin < end;
    bool left_being = false, left_preposition = false;
    for (std::size_t j = begin; j < end; ++j) {
      const StatementWord& word = there_[j];
      left_being |= word.kind == WordKind::being;
      left_preposition |= word.kind == WordKind::preposition;
      if (outer_break) continue;  // between commas: of the one before it
      if (word.kind == WordKind::bearing) return Misfit::turned;
      if (word.kind == WordKind::coordinator) return Misfit::joined;
      if (weighs(word.kind) && word.after_break && j > begin) return Misfit::joined;
      if ((word.kind == WordKind::name || word.kind == WordKind::number) && !governed_before(j, begin))
        return Misfit::joined;
    }
    const bool broken = break_in(begin, end);
    // A verb that is made passive, or active.
    if (added_being && !left_being && !broken) return Misfit::roles;
    if (left_being && !added_being && !outer_break) return Misfit::roles;
    if (added_preposition && left_preposition) return Misfit::roles;
    if (added_coordinator && begin < end && !outer_break) return Misfit::joined;
    if (weighs(said_[i].kind) && loses_preposition(end, begin)) return Misfit::roles;
    if (begin > 0 && there_[begin - 1].possessive != said_[before].possessive) return Misfit::roles;
    // One clause ended in between, and the sentence knows nothing of it.
    if (!outer_break && begin < end && broken && !said_between_breaks(before, i) && more_than_glue(begin, end))
      return Misfit::joined;
    if (begin == end && end < there_.size() && there_[end].after_break && !said_between_breaks(before, i) &&
        !added_being && !added_coordinator)
      return weighs(said_[before].kind) && weighs(said_[i].kind) ? Misfit::joined : Misfit::none;
    return Misfit::none;
  }

  bool more_than_glue(std::size_t begin, std::size_t end) const {
    for (std::size_t j = begin; j < end; ++j)
      if (there_[j].kind != WordKind::glue) return true;
    return false;
  }
  bool said_between_breaks(std::size_t before, std::size_t i) const {
    for (std::size_t k = before + 1; k <= i; ++k)
      if (said_[k].after_break) return true;
    return false;
  }

  // A name or number that is left out with the preposition before it: "was built [in 1912] by Roth".
  bool governed_before(std::size_t j, std::size_t begin) const {
    while (j > begin) {
      --j;
      if (there_[j].kind == WordKind::preposition) return true;
      if (there_[j].kind == WordKind::being || there_[j].kind == WordKind::coordinator) return false;
    }
    return false;
  }

  Misfit ends() const {
    const std::size_t start = place(first_), stop = place(last_);
    // Before: what governs, binds or turns the first word.
    std::size_t at_start = start;
    for (std::size_t i = 0; i < first_; ++i)
      if (to_[i] >= 0) at_start = std::min(at_start, place(i));
    bool clause = true;  // still in the clause of the first word
    for (std::size_t j = at_start; j-- > 0;) {
      if (there_[j + 1].after_break) clause = false;
      const StatementWord& word = there_[j];
      if (word.kind == WordKind::bearing) {
        if (word.turn == Turn::hedges || word.turn == Turn::conditions) return Misfit::cut;
        if (clause && word.turn == Turn::denies) return Misfit::cut;
        if (clause && j + 1 == at_start) return Misfit::cut;
      }
      if (clause && j + 1 == at_start && word.kind == WordKind::preposition) return Misfit::cut;
      if (clause && j + 1 == at_start && word.possessive) return Misfit::cut;
      if (clause && j + 1 == at_start && there_[at_start].kind == WordKind::name) {
        const std::string folded = text::fold(text::slice(evidence_, word.range));
        if (std::find(kBindsToName.begin(), kBindsToName.end(), folded) != kBindsToName.end()) return Misfit::cut;
      }
    }
    // A preposition over an article that was not taken along.
    if (loses_preposition(at_start, 0) && !there_[at_start].after_break) return Misfit::cut;
    // After: the rest of an expression, and what restricts the whole.
    if (there_[stop].possessive != said_[last_].possessive) return Misfit::cut;
    std::size_t at_stop = stop;
    for (std::size_t i = last_ + 1; i < said_.size(); ++i)
      if (to_[i] >= 0) at_stop = std::max(at_stop, place(i));
    clause = true;
    for (std::size_t j = at_stop + 1; j < there_.size(); ++j) {
      const StatementWord& word = there_[j];
      if (word.after_break || word.kind == WordKind::coordinator) clause = false;
      if (j == at_stop + 1 && clause && weighs(word.kind)) return Misfit::cut;
      if (word.kind != WordKind::bearing) continue;
      if (word.turn == Turn::conditions || (word.turn == Turn::denies && clause)) return Misfit::cut;
      if (word.turn == Turn::hedges && clause) return Misfit::cut;
      if (j == at_stop + 1 && clause && word.key == "#than") return Misfit::cut;
    }
    return Misfit::none;
  }

  const Words& said_;
  const Words& there_;
  std::string_view evidence_;
  std::vector<int> to_;
  std::vector<bool> is_aligned_;
  std::unordered_set<std::string> heading_;
  std::size_t first_ = kNone, last_ = kNone;
};

bool asks(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n\"'*_)");
  return last != std::string_view::npos && text[last] == '?';
}

}  // namespace

std::string_view to_string(Misfit misfit) {
  constexpr std::array<std::string_view, 9> kNames = {"none",   "no words", "words",  "names", "numbers",
                                                      "turned", "roles",    "joined", "cut"};
  return kNames[static_cast<std::size_t>(misfit)];
}

Said read_said(std::string_view text, std::string_view language) { return {text, statement_words(text, language)}; }

Alignment align(const Said& sentence, const Said& evidence, const Said& heading, const AlignmentOptions& options) {
  if (sentence.words.empty() || evidence.words.empty()) return {};
  if (sentence.words.size() > kMostWords || evidence.words.size() > kMostWords) return {};
  if (asks(sentence.text) && !asks(evidence.text)) return {};
  return Judge(sentence.words, evidence.words, heading.words, evidence.text).run(options);
}

}  // namespace renvoi::answer
