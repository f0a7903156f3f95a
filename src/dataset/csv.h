// Comma-separated values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace renvoi::dataset {

// RFC 4180: fields in quotes may hold commas, quotes and line ends. Lines that are empty are left out; bytes that are
// not UTF-8 are repaired. Errors: `invalid` (a quote that is never closed).
Result<std::vector<std::vector<std::string>>> parse_csv(std::string_view text);

}  // namespace renvoi::dataset
