// How programming languages write their comments. For the room's own use.
#pragma once

#include <string_view>

namespace renvoi::extract {

struct CodeLanguage {
  std::string_view name;         // "Python"
  std::string_view extensions;   // " py pyi "
  std::string_view line;         // begins a comment that ends with its line; "" when there is none
  std::string_view line_too;     // another one
  std::string_view open, close;  // around a comment; "" when there is none
  std::string_view quotes;       // characters that begin and end a string on one line
  bool docstrings = false;       // """text""" stands for a comment
};

// By extension in lower case ("py"); null for what is no known source code.
const CodeLanguage* code_language(std::string_view extension);

}  // namespace renvoi::extract
