#include "index/index.h"

#include <fmt/format.h>

#include "index/folder_reader.h"
#include "index/folder_writer.h"

namespace renvoi::index {

Result<std::unique_ptr<Index>> Index::open(io::FileSystem& files, const std::filesystem::path& folder,
                                           const Identity& identity, Mode mode, const IndexOptions& options) {
  if (identity.dimensions == 0 || identity.dimensions > kMaxDimensions)
    return Error{ErrorCode::invalid, fmt::format("an index cannot hold vectors of {} dimensions; 1 to {} are possible",
                                                 identity.dimensions, kMaxDimensions)};
  return mode == Mode::read ? FolderReader::open(files, folder, identity)
                            : FolderWriter::open(files, folder, identity, options);
}

}  // namespace renvoi::index
