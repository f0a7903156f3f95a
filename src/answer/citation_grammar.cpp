#include "answer/citation_grammar.h"

#include <fmt/format.h>

#include "answer/prompt.h"

namespace renvoi::answer {
namespace {

// \x5B \x5D [ ], \x3C \x3E < >. A sentence begins with something that can be read.
constexpr const char* kGrammar = R"(
root ::= " "? ("{no_answer}" "."? | sentence+)
sentence ::= [^\x5B\x5D\x3C\x3E \n] [^\x5B\x5D\x3C\x3E\n]* mark+ "."? [ \n]*
mark ::= "[" ({numbers}) "]"
)";

}  // namespace

std::string citation_grammar(std::size_t evidence) {
  std::string numbers = "\"1\"";
  for (std::size_t number = 2; number <= evidence; ++number) numbers += fmt::format(R"( | "{}")", number);
  return fmt::format(fmt::runtime(kGrammar), fmt::arg("no_answer", kNoAnswer), fmt::arg("numbers", numbers));
}

}  // namespace renvoi::answer
