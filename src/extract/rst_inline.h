// Inline markup of reStructuredText. For the room's own use.
#pragma once

#include <string>
#include <string_view>

#include "extract/markup_writer.h"

namespace renvoi::extract {

// "*a* **b** ``c`` :role:`d <e>` `f <https://g>`_" as "a b c d f"; links go to the writer.
std::string rst_inline(std::string_view text, MarkupWriter& writer);

}  // namespace renvoi::extract
