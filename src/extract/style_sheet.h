// As much of CSS as tells what is hidden and what is large: rules by one class or id, declarations as written. For the
// room's own use.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace renvoi::extract {

// Declarations (of a style attribute, of a rule) in lower case, without white space, at most 1,000 bytes of them:
// "color:#fff;display:none".
std::string compact_style(std::string_view declarations);

// The value of a property in a compact style, without "!important"; the last one counts (CSS Cascade 4, 6.1).
std::string_view property(std::string_view style, std::string_view name);

struct Length {
  double value = 0;
  std::string_view unit;
};
std::optional<Length> length(std::string_view value);

// Gives each selector of each rule with the rule's compact style. Comments and what stands in blocks of at-rules are
// passed over (CSS Syntax 3 as far as these rules need it).
using TakeRule = std::function<void(std::string_view selector, std::string_view style)>;
void for_each_rule(std::string_view sheet, const TakeRule& take);

// ".name" or "#name", and nothing else.
bool is_one_name(std::string_view selector);

}  // namespace renvoi::extract
