// Whole files and folders, linked, copied, renamed and removed: what backups are made of.
//
// Copies go through the FileSystem's seam. Links and renames are single system calls on whole names, and are tested
// with processes that are killed and disks that are full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "base/result.h"
#include "io/file_system.h"

namespace renvoi::io {

// A second name for the same file: no space, no time. False where that cannot be (another file system, one without
// links, too many names): copy it then. Errors: as FileSystem.
Result<bool> link_file(const std::filesystem::path& from, const std::filesystem::path& to);

// A new file with these bytes, durable when it returns (the folder is not synced). `on_bytes`, when given, hears of
// each piece written. Errors: as FileSystem; what was begun is removed.
Result<void> write_file(FileSystem& files, const std::filesystem::path& to, std::span<const std::byte> bytes,
                        const std::function<void(std::uint64_t)>& on_bytes = {});

// Renames a file or folder. Never replaces: `conflict` when something has the name already. Durable when the folders
// are synced.
Result<void> rename_new(const std::filesystem::path& from, const std::filesystem::path& to);

// Swaps two names of one file system at one instant. False where the file system cannot; then, and after an error,
// nothing has changed. Durable when the folders are synced.
Result<bool> exchange(const std::filesystem::path& one, const std::filesystem::path& other);

// A file, or a folder with all that is in it. Absent is not an error.
Result<void> remove_all(const std::filesystem::path& path);

}  // namespace renvoi::io
