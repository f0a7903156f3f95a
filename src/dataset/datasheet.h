// What is in a snapshot, on one page: for whoever is to train on it. After Gebru et al., "Datasheets for datasets",
// Communications of the ACM 64 (2021), as far as a program can tell.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dataset/snapshot.h"

namespace renvoi::dataset {

// HTML with plots in it (SVG); no script, no style sheet, nothing from elsewhere. The same snapshot gives the same
// bytes. Reads the whole snapshot. Errors: those of Snapshot::chunk.
Result<std::string> datasheet(const Snapshot& snapshot, std::string_view name);

}  // namespace renvoi::dataset
