// The files of a change of the embedding model: index-next/ beside index/, and the step that puts one in the other's
// place. docs/format.md, "Change of the model".
//
// Names and folders only; whoever calls holds the collection's lock and has neither index open.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "io/file_system.h"

namespace renvoi::search {

constexpr const char* kIndexFolder = "index";
constexpr const char* kFirstTierFolder = "index-first";
constexpr const char* kNextFolder = "index-next";
constexpr const char* kOldFolder = "index-old";  // only where a file system cannot swap two names

// Removes the files of an index, the segments last: killed on the way, what is left is damaged, not empty.
Result<void> empty_index_folder(io::FileSystem& files, const std::filesystem::path& index);

// Removes index-next/ and index-old/, where they are: an index that was half made, or the one that was replaced. What
// renvoi repair had set aside in it goes to index/, since nothing of that is ever deleted.
Result<void> drop_other_indexes(io::FileSystem& files, const std::filesystem::path& collection);

enum class SwapBy : std::uint8_t {
  exchange,  // two names at one instant; by renames where the file system cannot
  renames,   // one after the other: index -> index-old, index-next -> index
};
// index-next/ becomes index/, durably. After an error index/ is the old one or the new one, whole, which its manifest
// tells; whether that would survive a loss of power cannot be known then.
Result<void> swap_in_next_index(io::FileSystem& files, const std::filesystem::path& collection,
                                SwapBy by = SwapBy::exchange);

// Of a swap by renames that was killed or failed between the two: does the second.
Result<void> finish_swap(io::FileSystem& files, const std::filesystem::path& collection);

}  // namespace renvoi::search
