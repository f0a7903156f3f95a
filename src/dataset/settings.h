// What a dataset's owner decided about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace renvoi::dataset {

// An annotation is verified when `agree` people say the same, out of `asked` at most.
struct Rule {
  std::uint32_t agree = 1, asked = 1;
  bool operator==(const Rule&) const = default;
};

struct Settings {
  Rule rule;
  std::vector<std::string> classes;  // the only classes there may be; empty: any
  std::string title, description, licence;
  bool operator==(const Settings&) const = default;
};

// Errors: `invalid`, saying which field: 1 <= agree <= asked <= 100; classes each once, 10,000 at most.
Result<Settings> parse_settings(std::string_view json);  // "" gives the defaults
std::string to_json(const Settings& settings);

}  // namespace renvoi::dataset
