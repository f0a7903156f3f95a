// What LaTeX commands stand for. For the room's own use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace renvoi::extract {

enum class LatexUse : std::uint8_t {
  shown,    // its arguments are text: \emph{x}
  dropped,  // nothing of it is: \label{x}
  second,   // the second argument is text: \href{x}{y}
  symbol,   // stands for a character
};

// For a name without its backslash. `symbol` is set for LatexUse::symbol.
LatexUse latex_use(std::string_view command, std::string_view& symbol);
// The letter with the accent of the command "'", "`", "^", "\"", "~", "c", ... composed; the letter alone when there is
// no such.
std::string latex_accent(std::string_view accent, std::string_view letter);
bool is_latex_accent(std::string_view command);

}  // namespace renvoi::extract
