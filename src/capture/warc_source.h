// A web archive (WARC, plain or gzipped) as a source of a dataset.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "dataset/capture.h"

namespace renvoi::capture {

// Its answers of status 200, whatever their type, in the order of the file; an address that it has several times has
// the WARC-Date behind it from the second on. What was damaged is told among the problems. Errors: `not_found`,
// `denied`, `corrupt` (no WARC).
Result<std::unique_ptr<dataset::EntrySource>> warc_source(const std::filesystem::path& path);

}  // namespace renvoi::capture
