#include "text/terms.h"

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/utf8.h"
#include "text/function_words.h"
#include "text/normalize.h"
#include "text/words.h"

namespace renvoi::text {
namespace {

constexpr std::size_t kMaxTermBytes = 64;

struct Stemmer {
  sb_stemmer* handle = nullptr;
  explicit Stemmer(const std::string& language) : handle(sb_stemmer_new(language.c_str(), "UTF_8")) {}
  ~Stemmer() { sb_stemmer_delete(handle); }
  Stemmer(const Stemmer&) = delete;
  Stemmer& operator=(const Stemmer&) = delete;

  std::string stem(const std::string& word) const {
    if (handle == nullptr) return word;
    const sb_symbol* stemmed =
        sb_stemmer_stem(handle, reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
    if (stemmed == nullptr) return word;
    return {reinterpret_cast<const char*>(stemmed), static_cast<std::size_t>(sb_stemmer_length(handle))};
  }
};

// Snowball handles are not thread-safe and cost an allocation each: one for each thread and language.
const Stemmer* stemmer_for(std::string_view language) {
  thread_local std::vector<std::pair<std::string, std::unique_ptr<Stemmer>>> made;
  for (const auto& [name, stemmer] : made)
    if (name == language) return stemmer.get();
  if (language.size() != 2 || made.size() > 32) return nullptr;
  made.emplace_back(language, std::make_unique<Stemmer>(std::string(language)));
  return made.back().second.get();
}

bool has_digit(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "l'eau" -> "eau", "qu'il" -> "il"; "aujourd'hui" stays.
std::string_view without_elision(std::string_view word) {
  constexpr std::array<std::string_view, 14> kElided = {"l", "d",  "j",      "m",      "t",     "s",      "n",
                                                        "c", "qu", "lorsqu", "puisqu", "jusqu", "quoiqu", "quelqu"};
  const std::size_t apostrophe = word.find('\'');
  if (apostrophe == std::string_view::npos) return word;
  if (std::find(kElided.begin(), kElided.end(), word.substr(0, apostrophe)) == kElided.end()) return word;
  return word.substr(apostrophe + 1);
}

// "dog's" -> "dog", "don't" -> "dont".
std::string without_apostrophe(std::string_view word) {
  if (word.ends_with("'s")) word.remove_suffix(2);
  std::string plain(word);
  std::erase(plain, '\'');
  return plain;
}

class TermCollector {
 public:
  explicit TermCollector(std::string_view language) : language_(language), stemmer_(stemmer_for(language)) {}

  void add_word(std::string_view raw) {
    const std::string lower = lower_case(raw);
    std::string_view word = lower;
    if (language_ == "fr") word = without_elision(word);
    const std::string plain = without_apostrophe(word);
    if (plain.empty() || is_function_word(plain, language_)) return;
    if (plain.find('_') != std::string::npos) add_parts(plain);
    add(has_digit(plain) ? plain : stem(plain));
  }

  void add_whole(std::string_view raw) { add(lower_case(raw)); }

  std::vector<std::string> take() { return std::move(terms_); }

 private:
  std::string stem(const std::string& word) const {
    // Snowball's French and English stemmers loop over the word: a "word" of a megabyte has no stem.
    return stemmer_ == nullptr || word.size() > 4 * kMaxTermBytes ? word : stemmer_->stem(word);
  }
  void add_parts(std::string_view identifier) {
    while (!identifier.empty()) {
      const std::size_t end = std::min(identifier.find('_'), identifier.size());
      const std::string part(identifier.substr(0, end));
      if (!part.empty() && !is_function_word(part, language_)) add(has_digit(part) ? part : stem(part));
      identifier.remove_prefix(std::min(end + 1, identifier.size()));
    }
  }
  void add(const std::string& word) {
    std::string folded = fold(truncate_utf8(word, 4 * kMaxTermBytes));
    folded = std::string(truncate_utf8(folded, kMaxTermBytes));
    if (!folded.empty()) terms_.push_back(std::move(folded));
  }

  std::string_view language_;
  const Stemmer* stemmer_;
  std::vector<std::string> terms_;
};

// Two words with one of these between them and no space are also one identifier when a digit or "+" is in it:
// Ctrl+S, 2024/1689, utf-8, 3.11.
bool joins(std::string_view text, const Word& left, const Word& right) {
  if (right.range.begin != left.range.end + 1) return false;
  const char joint = text[left.range.end];
  if (joint == '+') return true;
  if (joint != '/' && joint != '-' && joint != '.' && joint != ':') return false;
  return has_digit(slice(text, left.range)) || has_digit(slice(text, right.range));
}

}  // namespace

std::vector<std::string> terms(std::string_view text, std::string_view language) {
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = repair_utf8(text);
  TermCollector collector(language);
  const std::vector<Word> words = split_words(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    collector.add_word(slice(text, words[i].range));
    std::size_t last = i;
    while (last + 1 < words.size() && last - i < 8 && joins(text, words[last], words[last + 1])) ++last;
    const bool starts = i == 0 || !joins(text, words[i - 1], words[i]);
    if (last > i && starts) collector.add_whole(slice(text, {words[i].range.begin, words[last].range.end}));
  }
  return collector.take();
}

std::vector<TermCount> count_terms(std::string_view text, std::string_view language) {
  std::vector<std::string> all = terms(text, language);
  std::sort(all.begin(), all.end());
  std::vector<TermCount> counts;
  for (std::string& term : all) {
    if (!counts.empty() && counts.back().term == term)
      ++counts.back().frequency;
    else
      counts.push_back({std::move(term), 1});
  }
  return counts;
}

}  // namespace renvoi::text
