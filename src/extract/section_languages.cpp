#include "extract/section_languages.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::uint32_t kMaxTextBytes = 256 * 1'024;
constexpr std::size_t kMinProseBytes = 200;     // of a section, to be judged by itself
constexpr std::size_t kReadProseBytes = 2'000;  // of it, more tells nothing more

// The sections with enough prose, each with its language or "und".
std::vector<LanguageRange> judged_sections(const Document& document) {
  std::vector<LanguageRange> out;
  std::string prose;
  text::Range section;
  const auto end_section = [&] {
    if (prose.size() >= kMinProseBytes) out.push_back({section, text::detect_language(prose)});
    prose.clear();
  };
  for (const Block& block : document.blocks) {
    if (block.range.end > kMaxTextBytes) break;
    if (block.kind == BlockKind::heading || block.range.begin == 0) {
      end_section();
      section.begin = block.range.begin;
    }
    section.end = block.range.end;
    const bool words = block.kind != BlockKind::code && block.kind != BlockKind::table_row;
    if (words && prose.size() < kReadProseBytes) prose.append(text::slice(document.text, block.range)).append("\n");
  }
  end_section();
  return out;
}

}  // namespace

void set_languages(Document& document, std::string whole) {
  document.language = std::move(whole);
  const std::vector<LanguageRange> sections = judged_sections(document);
  std::map<std::string, std::uint64_t> bytes;
  for (const LanguageRange& section : sections)
    if (section.language != "und") bytes[section.language] += section.range.size();
  if (bytes.size() < 2) return;
  document.language = std::max_element(bytes.begin(), bytes.end(), [](const auto& a, const auto& b) {
                        return a.second < b.second;
                      })->first;
  std::vector<LanguageRange>& others = document.other_languages;
  std::size_t last = 0;  // the section that the last of `others` ends with
  for (std::size_t i = 0; i < sections.size(); ++i) {
    if (sections[i].language == "und" || sections[i].language == document.language) continue;
    if (!others.empty() && last + 1 == i && others.back().language == sections[i].language)
      others.back().range.end = sections[i].range.end;
    else
      others.push_back(sections[i]);
    last = i;
  }
}

}  // namespace renvoi::extract
