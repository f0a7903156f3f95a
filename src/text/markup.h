// Text as HTML and XML have it, in elements and in attributes between double quotes.
#pragma once

#include <string>
#include <string_view>

namespace renvoi::text {

inline std::string escaped_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

}  // namespace renvoi::text
