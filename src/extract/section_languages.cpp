#include "extract/section_languages.h"

#include <string>

#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::uint32_t kMaxTextBytes = 256 * 1'024;
constexpr std::size_t kMinProseBytes = 240;     // of a section, to be judged by itself
constexpr std::size_t kReadProseBytes = 2'000;  // of it, more tells nothing more

}  // namespace

std::vector<LanguageRange> section_languages(const Document& document) {
  std::vector<LanguageRange> out;
  std::string prose;
  text::Range section;
  const auto end_section = [&] {
    if (prose.size() >= kMinProseBytes) {
      std::string language = text::detect_language(prose);
      if (language != "und" && language != document.language) {
        const bool joins = !out.empty() && out.back().language == language && out.back().range.end + 2 >= section.begin;
        if (joins)
          out.back().range.end = section.end;
        else
          out.push_back({section, std::move(language)});
      }
    }
    prose.clear();
  };
  bool first = true;
  for (const Block& block : document.blocks) {
    if (block.range.end > kMaxTextBytes) break;
    if (block.kind == BlockKind::heading || first) {
      end_section();
      section.begin = block.range.begin;
      first = false;
    }
    section.end = block.range.end;
    const bool words = block.kind != BlockKind::code && block.kind != BlockKind::table_row;
    if (words && prose.size() < kReadProseBytes) prose.append(text::slice(document.text, block.range)).append("\n");
  }
  end_section();
  // One section alone is the document, whose language was judged with what it declares.
  return out.size() == 1 && out.front().range.size() == document.text.size() ? std::vector<LanguageRange>() : out;
}

}  // namespace renvoi::extract
