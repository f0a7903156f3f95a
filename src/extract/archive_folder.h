// A ZIP or tar archive as a folder of documents. For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

inline constexpr std::uint32_t kMaxArchiveDepth = 3;  // archives and messages in one another

// Each readable file of the archive under a heading of its name; hidden files and those of no readable kind are passed
// over. Errors: those of walk_archive(); `invalid` when no file can be read, or archives are nested deeper than
// kMaxArchiveDepth.
Result<void> read_archive_folder(std::string_view bytes, const Reading& reading, Document& document);

}  // namespace renvoi::extract
