// From errno to an Error that says what, where and what to do.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace renvoi::io {

// `action` as in "cannot read": the message is "cannot read /path: No space left on device; free some space ...".
Error system_error(int error_number, std::string_view action, const std::filesystem::path& path);

}  // namespace renvoi::io
