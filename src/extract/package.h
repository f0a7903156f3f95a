// The parts of an office document (OPC, ODF or EPUB): a ZIP archive whose names matter. For the room's own use.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "extract/archive.h"
#include "extract/reading.h"
#include "extract/xml_part.h"

namespace renvoi::extract {

struct Relationship {
  std::string type;    // the last part of its URI: "officeDocument", "slide", "hyperlink"
  std::string target;  // a part's name; as written when it is external
  bool external = false;
};
using Relationships = std::map<std::string, Relationship, std::less<>>;  // by id

class Package {
 public:
  // Reads the parts that `wanted` says yes to. Errors: those of read_archive().
  static Result<Package> open(std::string_view bytes, const WantedEntry& wanted, const Reading& reading);

  bool has(std::string_view name) const { return parts_.contains(name); }
  // The part's bytes; empty when it is not there.
  std::string_view part(std::string_view name) const;
  // Parses a part. A part that is not there gives no tree and no error. `cut` is set when not all was read. Errors:
  // those of parse_part(); `corrupt` or `invalid` for a part that could not be read (damaged, encrypted).
  Result<void> parse(std::string_view name, pugi::xml_document& document, bool& cut) const;

  // The relationships of a part ("" for the package's own), by ECMA-376 part 2, section 9.3. A missing or damaged list
  // is empty.
  Relationships relationships(std::string_view part) const;

 private:
  std::map<std::string, ArchiveEntry, std::less<>> parts_;
};

// `target` seen from the part `from`: "../media/a.png" from "word/document.xml". Leading "/" is the root; ".." above it
// is dropped.
std::string resolve_part(std::string_view from, std::string_view target);

// Title, authors, dates and language of docProps/core.xml (ECMA-376 part 2, section 11).
void read_core_properties(const Package& package, Document& document, std::string& language);

}  // namespace renvoi::extract
