// Statements made of real documents and of the questions people asked of them, true and false, by a seed: what a check
// of generated sentences is measured with. A false one differs from a true one in as little as can be.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "answer/statement_words.h"
#include "text/sentences.h"

namespace renvoi::test {

struct Statement {
  std::string kind;
  std::string text;
  bool is_true = false;
};

// One document with what was asked of it.
struct Told {
  std::string title, text, language;
  std::vector<std::pair<std::string, std::string>> asked;  // question, answer
};

class StatementMaker {
 public:
  StatementMaker(const Told& told, std::vector<std::string> other_names, std::uint64_t seed)
      : told_(told), other_names_(std::move(other_names)), random_(seed) {
    for (const text::Range& range : text::sentences(told.text, told.language)) {
      if (range.size() < 30 || range.size() > 400) continue;
      const std::string sentence(text::slice(told.text, range));
      if (sentence.find('\n') != std::string::npos || sentence.back() == '?') continue;
      sentences_.push_back(sentence);
      words_.push_back(answer::statement_words(sentence, told.language));
    }
    for (std::size_t i = 0; i < sentences_.size(); ++i)
      for (const answer::StatementWord& word : words_[i])
        if (word.kind == answer::WordKind::name) names_.emplace_back(text::slice(sentences_[i], word.range));
  }

  std::vector<Statement> all() {
    std::vector<Statement> out;
    for (std::size_t i = 0; i < sentences_.size(); ++i) of_sentence(i, out);
    for (std::size_t i = 0; i < told_.asked.size(); ++i) of_question(i, out);
    return out;
  }

 private:
  using Words = std::vector<answer::StatementWord>;
  static constexpr auto kName = answer::WordKind::name;

  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  static std::string replaced(const std::string& text, text::Range range, std::string_view with) {
    return text.substr(0, range.begin) + std::string(with) + text.substr(range.end);
  }
  std::string_view word(std::size_t i, std::size_t w) const { return text::slice(sentences_[i], words_[i][w].range); }

  void of_sentence(std::size_t i, std::vector<Statement>& out) {
    const std::string& sentence = sentences_[i];
    out.push_back({"quote", sentence, true});
    without_aside(sentence, out);
    shorten(sentence, out);
    out.push_back({"attributed", attributed(i), true});
    change_numbers(i, out);
    change_names(i, out);
    deny(i, out);
    by_table(i, out);
    splice(i, out);
  }

  std::string attributed(std::size_t i) const {
    std::string sentence = sentences_[i];
    if (weighs(words_[i].front().kind) == false && sentence[0] >= 'A' && sentence[0] <= 'Z')
      sentence[0] = static_cast<char>(sentence[0] + 32);
    return (told_.language == "fr" ? "Selon le document, " : "According to the document, ") + sentence;
  }

  static void without_aside(const std::string& sentence, std::vector<Statement>& out) {
    const std::size_t open = sentence.find(" (");
    if (open == std::string::npos) return;
    const std::size_t close = sentence.find(')', open);
    if (close == std::string::npos || close + 1 >= sentence.size()) return;
    out.push_back({"without aside", sentence.substr(0, open) + sentence.substr(close + 1), true});
  }

  // Without what comes after the last comma, or before the first: true, unless that restricts what is said.
  void shorten(const std::string& sentence, std::vector<Statement>& out) const {
    static constexpr std::array<std::string_view, 9> kClauses = {
        ", which ", ", who ", ", while ", ", and ", ", where ", ", qui ", ", dont ", ", et ", ", mais "};
    static constexpr std::array<std::string_view, 12> kRestrictions = {
        " unless ",    " except ",    " if ",      " until ",    " sauf ",   " si ",
        " only when ", " excluding ", " à moins ", " provided ", " hormis ", " excepté "};
    for (const std::string_view clause : kClauses) {
      const std::size_t at = sentence.rfind(clause);
      if (at == std::string::npos || at < 40 || sentence.find(',', at + 1) != std::string::npos) continue;
      if (sentence.substr(0, at).find(", ") != std::string::npos) continue;  // the clause may belong to a list
      out.push_back({"without last clause", sentence.substr(0, at) + ".", true});
      break;
    }
    const std::size_t comma = sentence.find(", ");
    for (const std::string_view start : {"In ", "On ", "At ", "During ", "En ", "Dans ", "Au ", "À "}) {
      if (!sentence.starts_with(start) || comma == std::string::npos || comma > 40 || comma + 30 > sentence.size())
        continue;
      out.push_back({"without when or where", capital(sentence.substr(comma + 2)), true});
      break;
    }
    for (const std::string_view restriction : kRestrictions) {
      const std::size_t at = sentence.find(restriction);
      if (at == std::string::npos || at < 30) continue;
      std::size_t end = at;
      while (end > 0 && (sentence[end - 1] == ' ' || sentence[end - 1] == ',')) --end;
      out.push_back({"restriction left out", sentence.substr(0, end) + ".", false});
      break;
    }
  }

  void change_numbers(std::size_t i, std::vector<Statement>& out) {
    for (const answer::StatementWord& found : words_[i]) {
      if (found.kind != answer::WordKind::number) continue;
      const std::string raw(text::slice(sentences_[i], found.range));
      const std::size_t digit = raw.find_first_of("0123456789");
      if (digit == std::string::npos) continue;
      std::string other = raw;
      const std::size_t at = pick(2) == 0 ? digit : raw.find_last_of("0123456789");
      other[at] = static_cast<char>('1' + (other[at] - '0' + static_cast<int>(pick(8))) % 9);
      if (other == raw) other += '0';
      out.push_back({"number", replaced(sentences_[i], found.range, other), false});
      return;
    }
  }

  void change_names(std::size_t i, std::vector<Statement>& out) {
    std::vector<std::size_t> names;
    for (std::size_t w = 0; w < words_[i].size(); ++w)
      if (words_[i][w].kind == kName) names.push_back(w);
    if (names.empty()) return;
    const std::size_t w = names[pick(names.size())];
    const auto change = [&](const std::vector<std::string>& pool, const char* kind) {
      for (int attempt = 0; attempt < 8 && !pool.empty(); ++attempt) {
        const std::string& other = pool[pick(pool.size())];
        if (sentences_[i].find(other) != std::string::npos) continue;
        out.push_back({kind, replaced(sentences_[i], words_[i][w].range, other), false});
        return;
      }
    };
    change(names_, "name of the document");
    change(other_names_, "name of another");
    for (int attempt = 0; attempt < 4 && names.size() > 1; ++attempt) {
      std::size_t a = names[pick(names.size())], b = names[pick(names.size())];
      if (a > b) std::swap(a, b);
      // Of one name ("Von Miller"), or of one list ("France and Spain"), the order says nothing.
      if (b < a + 3 || word(i, a) == word(i, b) || only_list_between(i, a, b)) continue;
      std::string text = replaced(sentences_[i], words_[i][b].range, word(i, a));
      out.push_back({"names swapped", replaced(text, words_[i][a].range, word(i, b)), false});
      return;
    }
  }

  bool only_list_between(std::size_t i, std::size_t a, std::size_t b) const {
    for (std::size_t w = a + 1; w < b; ++w)
      if (words_[i][w].kind == answer::WordKind::content || words_[i][w].kind == answer::WordKind::being) return false;
    return true;
  }

  void deny(std::size_t i, std::vector<Statement>& out) {
    const bool french = told_.language == "fr";
    for (std::size_t w = 1; w + 1 < words_[i].size(); ++w) {
      const answer::StatementWord& found = words_[i][w];
      const bool auxiliary = found.kind == answer::WordKind::being || found.key == "#can" || found.key == "#must";
      if (french && found.kind == answer::WordKind::bearing && (found.key == "#pas" || found.key == "#never")) {
        out.push_back({"denial left out", replaced(sentences_[i], found.range, ""), false});
        return;
      }
      if (!french && found.key == "#not") {
        out.push_back({"denial left out", replaced(sentences_[i], found.range, ""), false});
        return;
      }
      if (!auxiliary || word(i, w).size() < 2 || word(i, w) == "be" || word(i, w) == "been") continue;
      out.push_back(
          {"denied", replaced(sentences_[i], {found.range.end, found.range.end}, french ? " pas" : " not"), false});
      return;
    }
  }

  // Antonyms, modals, quantities, units of measure, months: one word for another that says something else.
  void by_table(std::size_t i, std::vector<Statement>& out) {
    struct Pair {
      const char *kind, *one, *other;
    };
    static constexpr Pair kPairs[] = {{"antonym", "first", "last"},
                                      {"antonym", "largest", "smallest"},
                                      {"antonym", "increased", "decreased"},
                                      {"antonym", "won", "lost"},
                                      {"antonym", "north", "south"},
                                      {"antonym", "high", "low"},
                                      {"antonym", "early", "late"},
                                      {"antonym", "new", "old"},
                                      {"antonym", "large", "small"},
                                      {"antonym", "began", "ended"},
                                      {"antonym", "true", "false"},
                                      {"antonym", "public", "private"},
                                      {"antonym", "before", "after"},
                                      {"antonym", "most", "least"},
                                      {"antonym", "more", "less"},
                                      {"antonym", "with", "without"},
                                      {"antonym", "above", "below"},
                                      {"antonym", "all", "some"},
                                      {"antonym", "and", "or"},
                                      {"modal", "must", "may"},
                                      {"modal", "can", "must"},
                                      {"modal", "will", "may"},
                                      {"modal", "could", "must"},
                                      {"antonym", "male", "female"},
                                      {"antonym", "positive", "negative"},
                                      {"antonym", "major", "minor"},
                                      {"antonym", "only", "not only"},
                                      {"direction", "from", "to"},
                                      {"direction", "by", "for"},
                                      {"direction", "over", "under"},
                                      {"unit", "million", "billion"},
                                      {"unit", "miles", "kilometres"},
                                      {"unit", "years", "months"},
                                      {"unit", "days", "weeks"},
                                      {"unit", "percent", "points"},
                                      {"unit", "km", "m"},
                                      {"date", "January", "March"},
                                      {"date", "May", "July"},
                                      {"date", "June", "August"},
                                      {"date", "October", "December"},
                                      {"date", "September", "February"},
                                      {"antonym", "premier", "dernier"},
                                      {"antonym", "plus", "moins"},
                                      {"antonym", "avant", "après"},
                                      {"antonym", "grand", "petit"},
                                      {"antonym", "grande", "petite"},
                                      {"antonym", "nord", "sud"},
                                      {"antonym", "début", "fin"},
                                      {"antonym", "avec", "sans"},
                                      {"antonym", "et", "ou"},
                                      {"antonym", "haut", "bas"},
                                      {"antonym", "nouvelle", "ancienne"},
                                      {"modal", "peut", "doit"},
                                      {"modal", "peuvent", "doivent"},
                                      {"antonym", "toutes", "certaines"},
                                      {"antonym", "tous", "certains"},
                                      {"direction", "par", "pour"},
                                      {"unit", "millions", "milliards"},
                                      {"unit", "ans", "mois"},
                                      {"unit", "mètres", "kilomètres"},
                                      {"date", "janvier", "mars"},
                                      {"date", "juin", "juillet"},
                                      {"date", "octobre", "décembre"},
                                      {"antonym", "supérieur", "inférieur"},
                                      {"antonym", "gagne", "perd"},
                                      {"antonym", "vie", "mort"}};
    std::string last;
    for (const Pair& pair : kPairs) {
      if (last == pair.kind) continue;  // one of each kind
      for (std::size_t w = 0; w < words_[i].size(); ++w) {
        const bool one = word(i, w) == pair.one, other = word(i, w) == pair.other;
        if (!one && !other) continue;
        out.push_back({pair.kind, replaced(sentences_[i], words_[i][w].range, one ? pair.other : pair.one), false});
        last = pair.kind;
        break;
      }
    }
  }

  // What one sentence is about with what another says: cut before a form of to be or a verb that follows a name.
  void splice(std::size_t i, std::vector<Statement>& out) {
    if (sentences_.size() < 2) return;
    const std::size_t other = (i + 1 + pick(sentences_.size() - 1)) % sentences_.size();
    const auto cut = [&](std::size_t of) -> std::uint32_t {
      for (std::size_t w = 1; w + 2 < words_[of].size(); ++w)
        if (words_[of][w].kind == answer::WordKind::being) return words_[of][w].range.begin;
      return 0;
    };
    const std::uint32_t a = cut(i), b = cut(other);
    if (a == 0 || b == 0) return;
    const bool names = std::any_of(words_[i].begin(), words_[i].end(), [&](const answer::StatementWord& found) {
      return found.kind == kName && found.range.end < a;
    });
    if (names) out.push_back({"spliced", sentences_[i].substr(0, a) + sentences_[other].substr(b), false});
    // Of one sentence: the subject with the last clause.
    const std::size_t comma = sentences_[i].rfind(", ");
    if (comma == std::string::npos || comma < a) return;
    for (const answer::StatementWord& found : words_[i])
      if (found.range.begin > comma && found.kind == answer::WordKind::being) {
        out.push_back({"clauses joined", sentences_[i].substr(0, a) + sentences_[i].substr(found.range.begin), false});
        return;
      }
  }

  // A question with its answer, as a statement; with the answer to another question of the same document it is false.
  void of_question(std::size_t i, std::vector<Statement>& out) {
    const auto& [question, right] = told_.asked[i];
    const std::string statement = declared(question, right);
    if (statement.empty()) return;
    out.push_back({"answered", statement, true});
    for (int attempt = 0; attempt < 8; ++attempt) {
      const std::string& wrong = told_.asked[pick(told_.asked.size())].second;
      if (wrong == right || wrong.find(right) != std::string::npos || right.find(wrong) != std::string::npos) continue;
      out.push_back({"answered wrong", declared(question, wrong), false});
      return;
    }
  }

  static std::string capital(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
    return text;
  }

  static std::string declared(std::string question, const std::string& answer) {
    while (!question.empty() && (question.back() == '?' || question.back() == ' ')) question.pop_back();
    const auto after = [&](std::string_view start) { return question.substr(start.size()); };
    for (const std::string_view start : {"Who ", "Qui "}) {
      if (!question.starts_with(start)) continue;
      const std::string rest = after(start);
      for (const std::string_view no : {"did ", "does ", "do ", "is ", "was ", "were ", "are ", "est ", "a-t", "sont "})
        if (rest.starts_with(no)) return {};
      return capital(answer) + " " + rest + ".";
    }
    for (const std::string_view start : {"What is the ", "What was the ", "What are the ", "What were the "}) {
      if (!question.starts_with(start)) continue;
      const std::string being = std::string(start.substr(5, start.size() - 10));
      return "The " + after(start) + " " + being + " " + answer + ".";
    }
    for (const std::string_view start : {"Quel est ", "Quelle est ", "Quels sont ", "Quelles sont ", "Quelle était "}) {
      if (!question.starts_with(start)) continue;
      const std::string_view being = start.substr(start.find(' ') + 1, start.size() - start.find(' ') - 2);
      return capital(after(start)) + " " + std::string(being) + " " + answer + ".";
    }
    for (const std::string_view start : {"How many ", "Combien de ", "Combien d'"}) {
      if (!question.starts_with(start)) continue;
      const std::string rest = after(start);
      for (const std::string_view no :
           {" did ", " do ", " does ", " are ", " were ", " was ", " is ", "-t-", "-il", " a "})
        if (rest.find(no) != std::string::npos) return {};
      return answer + " " + rest + ".";
    }
    return {};
  }

  const Told& told_;
  std::vector<std::string> other_names_, names_, sentences_;
  std::vector<Words> words_;
  std::mt19937_64 random_;
};

}  // namespace renvoi::test
