#include "text/words.h"

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>
#include <unicode/utext.h>

#include <algorithm>
#include <memory>

namespace renvoi::text {
namespace {

// Making a break iterator costs a hundred times as much as cloning or reusing one, and they are not thread-safe.
icu::BreakIterator* word_iterator() {
  thread_local const std::unique_ptr<icu::BreakIterator> iterator = [] {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::BreakIterator> made(icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
    return U_SUCCESS(status) ? std::move(made) : nullptr;
  }();
  return iterator.get();
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::vector<Word> split_words(std::string_view text) {
  std::vector<Word> words;
  icu::BreakIterator* iterator = word_iterator();
  UErrorCode status = U_ZERO_ERROR;
  UText* view = utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &status);
  if (iterator == nullptr || U_FAILURE(status)) return words;
  iterator->setText(view, status);
  std::int32_t begin = iterator->first();
  for (std::int32_t end = iterator->next(); end != icu::BreakIterator::DONE; begin = end, end = iterator->next()) {
    const int rule = iterator->getRuleStatus();
    if (rule < UBRK_WORD_NONE_LIMIT) continue;
    words.push_back({{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}, rule >= UBRK_WORD_KANA});
  }
  utext_close(view);
  return words;
}

std::string lower_case(std::string_view text) {
  std::string out;
  if (is_ascii(text)) {
    out.reserve(text.size());
    for (char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
  }
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString wide = icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  wide.toLower(icu::Locale::getRoot());
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  if (U_SUCCESS(status)) {
    icu::UnicodeString composed = nfc->normalize(wide, status);
    if (U_SUCCESS(status)) wide = std::move(composed);
  }
  wide.findAndReplace(icu::UnicodeString(static_cast<char16_t>(0x2019)), icu::UnicodeString(u'\''));
  wide.toUTF8String(out);
  return out;
}

std::size_t apostrophe_at(std::string_view text) {
  const std::size_t plain = text.find('\'');
  const std::size_t curly = text.find("\xE2\x80\x99");
  return std::min(plain, curly);
}

}  // namespace renvoi::text
