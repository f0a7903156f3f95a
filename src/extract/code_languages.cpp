#include "extract/code_languages.h"

#include <array>
#include <string>

namespace renvoi::extract {
namespace {

constexpr std::string_view kBoth = "\"'";

constexpr std::array kLanguages{
    CodeLanguage{"C", " c h ", "//", "", "/*", "*/", kBoth},
    CodeLanguage{"C++", " cc cpp cxx hh hpp hxx inl ipp ", "//", "", "/*", "*/", kBoth},
    CodeLanguage{"C#", " cs ", "//", "", "/*", "*/", kBoth},
    CodeLanguage{"Java", " java ", "//", "", "/*", "*/", kBoth},
    CodeLanguage{"Kotlin", " kt kts ", "//", "", "/*", "*/", kBoth},
    CodeLanguage{"Scala", " scala sc ", "//", "", "/*", "*/", "\""},
    CodeLanguage{"Go", " go ", "//", "", "/*", "*/", "\"'`"},
    CodeLanguage{"Rust", " rs ", "//", "", "/*", "*/", "\""},
    CodeLanguage{"Swift", " swift ", "//", "", "/*", "*/", "\""},
    CodeLanguage{"JavaScript", " js mjs cjs jsx ", "//", "", "/*", "*/", "\"'`"},
    CodeLanguage{"TypeScript", " ts mts cts tsx ", "//", "", "/*", "*/", "\"'`"},
    CodeLanguage{"PHP", " php ", "//", "#", "/*", "*/", kBoth},
    CodeLanguage{"Dart", " dart ", "//", "", "/*", "*/", kBoth},
    CodeLanguage{"Protocol Buffers", " proto ", "//", "", "/*", "*/", kBoth},
    CodeLanguage{"CUDA", " cu cuh ", "//", "", "/*", "*/", kBoth},
    CodeLanguage{"CSS", " css scss less ", "", "", "/*", "*/", kBoth},
    CodeLanguage{"Python", " py pyi ", "#", "", "", "", kBoth, true},
    CodeLanguage{"Ruby", " rb ", "#", "", "=begin", "=end", kBoth},
    CodeLanguage{"Perl", " pl pm ", "#", "", "", "", kBoth},
    CodeLanguage{"R", " r ", "#", "", "", "", kBoth},
    CodeLanguage{"Julia", " jl ", "#", "", "#=", "=#", "\""},
    CodeLanguage{"Elixir", " ex exs ", "#", "", "", "", kBoth},
    CodeLanguage{"shell", " sh bash zsh ", "#", "", "", "", kBoth},
    CodeLanguage{"PowerShell", " ps1 psm1 ", "#", "", "<#", "#>", kBoth},
    CodeLanguage{"CMake", " cmake ", "#", "", "#[[", "]]", "\""},
    CodeLanguage{"YAML", " yaml yml ", "#", "", "", "", kBoth},
    CodeLanguage{"TOML", " toml ", "#", "", "", "", kBoth},
    CodeLanguage{"a settings file", " ini cfg conf properties ", "#", ";", "", "", ""},
    CodeLanguage{"SQL", " sql ", "--", "", "/*", "*/", kBoth},
    CodeLanguage{"Lua", " lua ", "--", "", "--[[", "]]", kBoth},
    CodeLanguage{"Haskell", " hs ", "--", "", "{-", "-}", "\""},
    CodeLanguage{"Ada", " adb ads ", "--", "", "", "", "\""},
    CodeLanguage{"OCaml", " ml mli ", "", "", "(*", "*)", "\""},
    CodeLanguage{"Lisp", " lisp el scm clj ", ";", "", "", "", "\""},
    CodeLanguage{"Erlang", " erl hrl ", "%", "", "", "", "\""},
    CodeLanguage{"Fortran", " f90 f95 f03 ", "!", "", "", "", kBoth},
};

}  // namespace

const CodeLanguage* code_language(std::string_view extension) {
  if (extension.empty() || extension.find(' ') != std::string_view::npos) return nullptr;
  const std::string wanted = " " + std::string(extension) + " ";
  for (const CodeLanguage& language : kLanguages)
    if (language.extensions.find(wanted) != std::string_view::npos) return &language;
  return nullptr;
}

}  // namespace renvoi::extract
