// What a paragraph style of a Word document says of its paragraphs. For the room's own use.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "extract/package.h"

namespace renvoi::extract {

enum class DocxRole : std::uint8_t { body, title, heading, quote, code, contents };

struct DocxStyle {
  DocxRole role = DocxRole::body;
  std::uint8_t level = 0;       // of a heading: 1 to 6
  std::uint8_t list_level = 0;  // 1 to 9; 0: in no list
};

class DocxStyles {
 public:
  // Errors: those of Package::parse(). A style that is based on itself, in a circle, is read up to there.
  Result<void> read(const Package& package, std::string_view part, bool& cut);

  DocxStyle style(std::string_view id) const;                // by w:styleId; of an unknown one the default
  const std::string& language() const { return language_; }  // of the document's defaults

 private:
  struct Entry {
    std::string name, based_on;
    std::optional<int> outline_level, list_level;
    bool no_list = false;
  };
  std::map<std::string, Entry, std::less<>> entries_;
  std::string language_;
};

}  // namespace renvoi::extract
