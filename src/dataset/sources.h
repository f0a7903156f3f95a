// What can be captured from this machine's disk. Addresses and web archives are captured by the room `capture`.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "dataset/capture.h"
#include "io/file_system.h"

namespace renvoi::dataset {

enum class FolderLabels : std::uint8_t {
  none,
  // As Hugging Face's ImageFolder: the class is the name of the folder that a file is in; metadata.csv or
  // metadata.jsonl beside the files gives further fields by `file_name`.
  imagefolder,
};

// Plain files below `root`, by path; hidden ones (a name that begins with '.') are left out, and symbolic links are not
// followed. Errors: `not_found`, `denied`, `invalid` (no folder).
Result<std::unique_ptr<EntrySource>> folder_source(io::FileSystem& files, const std::filesystem::path& root,
                                                   FolderLabels labels);

// The files in a tar (plain or gzip, bzip2, xz, zstd) or ZIP, in its order. Errors: `not_found`, `denied`, `corrupt`.
Result<std::unique_ptr<EntrySource>> archive_source(const std::filesystem::path& path, FolderLabels labels);

// The images of a COCO file (annotations/instances.json), which lie in the folder `images`; boxes and polygons become
// labels, with the category's name as the class. An image without annotations is an item without labels. Errors:
// `not_found`, `denied`, `invalid` (not COCO).
Result<std::unique_ptr<EntrySource>> coco_source(io::FileSystem& files, const std::filesystem::path& json,
                                                 const std::filesystem::path& images);

}  // namespace renvoi::dataset
