#include "extract/latex_symbols.h"

#include <unicode/normalizer2.h>

#include <algorithm>
#include <array>
#include <utility>

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::array kDropped{"label"sv,
                              "cite"sv,
                              "citep"sv,
                              "citet"sv,
                              "ref"sv,
                              "eqref"sv,
                              "pageref"sv,
                              "autoref"sv,
                              "cref"sv,
                              "vspace"sv,
                              "hspace"sv,
                              "includegraphics"sv,
                              "input"sv,
                              "include"sv,
                              "bibliography"sv,
                              "bibliographystyle"sv,
                              "usepackage"sv,
                              "documentclass"sv,
                              "pagestyle"sv,
                              "thispagestyle"sv,
                              "newcommand"sv,
                              "renewcommand"sv,
                              "setlength"sv,
                              "setcounter"sv,
                              "index"sv,
                              "nocite"sv,
                              "graphicspath"sv,
                              "hypersetup"sv,
                              "vskip"sv,
                              "color"sv,
                              "definecolor"sv,
                              "newtheorem"sv,
                              "theoremstyle"sv,
                              "addcontentsline"sv,
                              "phantomsection"sv,
                              "multicolumn"sv,
                              "cline"sv,
                              "cmidrule"sv,
                              "geometry"sv,
                              "newenvironment"sv,
                              "def"sv,
                              "hyphenation"sv};

constexpr std::array kSecond{"href"sv, "textcolor"sv, "colorbox"sv, "raisebox"sv, "parbox"sv, "scalebox"sv};

constexpr std::array kSymbols{
    std::pair{"ldots"sv, "…"sv},
    std::pair{"dots"sv, "…"sv},
    std::pair{"textbackslash"sv, "\\"sv},
    std::pair{"textasciitilde"sv, "~"sv},
    std::pair{"ss"sv, "ß"sv},
    std::pair{"oe"sv, "œ"sv},
    std::pair{"OE"sv, "Œ"sv},
    std::pair{"ae"sv, "æ"sv},
    std::pair{"AE"sv, "Æ"sv},
    std::pair{"o"sv, "ø"sv},
    std::pair{"O"sv, "Ø"sv},
    std::pair{"aa"sv, "å"sv},
    std::pair{"AA"sv, "Å"sv},
    std::pair{"l"sv, "ł"sv},
    std::pair{"L"sv, "Ł"sv},
    std::pair{"i"sv, "i"sv},
    std::pair{"j"sv, "j"sv},
    std::pair{"og"sv, "« "sv},
    std::pair{"fg"sv, " »"sv},
    std::pair{"guillemotleft"sv, "«"sv},
    std::pair{"guillemotright"sv, "»"sv},
    std::pair{"euro"sv, "€"sv},
    std::pair{"texteuro"sv, "€"sv},
    std::pair{"pounds"sv, "£"sv},
    std::pair{"copyright"sv, "©"sv},
    std::pair{"textregistered"sv, "®"sv},
    std::pair{"S"sv, "§"sv},
    std::pair{"P"sv, "¶"sv},
    std::pair{"dag"sv, "†"sv},
    std::pair{"LaTeX"sv, "LaTeX"sv},
    std::pair{"TeX"sv, "TeX"sv},
    std::pair{"quad"sv, " "sv},
    std::pair{"qquad"sv, " "sv},
    std::pair{"degree"sv, "°"sv},
    std::pair{"textdegree"sv, "°"sv},
    std::pair{"times"sv, "×"sv},
    std::pair{"cdot"sv, "·"sv},
    std::pair{"leq"sv, "≤"sv},
    std::pair{"geq"sv, "≥"sv},
    std::pair{"alpha"sv, "α"sv},
    std::pair{"beta"sv, "β"sv},
    std::pair{"gamma"sv, "γ"sv},
    std::pair{"delta"sv, "δ"sv},
    std::pair{"lambda"sv, "λ"sv},
    std::pair{"mu"sv, "μ"sv},
    std::pair{"pi"sv, "π"sv},
    std::pair{"sigma"sv, "σ"sv},
    std::pair{"theta"sv, "θ"sv},
    std::pair{"rightarrow"sv, "→"sv},
    std::pair{"to"sv, "→"sv},
    std::pair{"infty"sv, "∞"sv},
    std::pair{"sum"sv, "∑"sv},
    std::pair{"in"sv, "∈"sv},
    std::pair{"pm"sv, "±"sv},
    std::pair{"newline"sv, " "sv},
    std::pair{"textbar"sv, "|"sv},
    std::pair{"slash"sv, "/"sv},
};

// The combining character after its letter.
constexpr std::array kAccents{std::pair{"'"sv, "\u0301"sv},  std::pair{"`"sv, "\u0300"sv}, std::pair{"^"sv, "\u0302"sv},
                              std::pair{"\""sv, "\u0308"sv}, std::pair{"~"sv, "\u0303"sv}, std::pair{"="sv, "\u0304"sv},
                              std::pair{"."sv, "\u0307"sv},  std::pair{"c"sv, "\u0327"sv}, std::pair{"v"sv, "\u030C"sv},
                              std::pair{"u"sv, "\u0306"sv},  std::pair{"H"sv, "\u030B"sv}, std::pair{"k"sv, "\u0328"sv},
                              std::pair{"r"sv, "\u030A"sv}};

}  // namespace

LatexUse latex_use(std::string_view command, std::string_view& symbol) {
  if (std::find(kDropped.begin(), kDropped.end(), command) != kDropped.end()) return LatexUse::dropped;
  if (std::find(kSecond.begin(), kSecond.end(), command) != kSecond.end()) return LatexUse::second;
  for (const auto& [name, text] : kSymbols) {
    if (name != command) continue;
    symbol = text;
    return LatexUse::symbol;
  }
  return LatexUse::shown;
}

bool is_latex_accent(std::string_view command) {
  return std::any_of(kAccents.begin(), kAccents.end(), [&](const auto& each) { return each.first == command; });
}

std::string latex_accent(std::string_view accent, std::string_view letter) {
  const auto found =
      std::find_if(kAccents.begin(), kAccents.end(), [&](const auto& each) { return each.first == accent; });
  if (found == kAccents.end() || letter.empty()) return std::string(letter);
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* composer = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) return std::string(letter);
  const icu::UnicodeString whole = icu::UnicodeString::fromUTF8(std::string(letter) + std::string(found->second));
  std::string out;
  const icu::UnicodeString composed = composer->normalize(whole, status);
  if (U_FAILURE(status)) return std::string(letter);
  composed.toUTF8String(out);
  return out;
}

}  // namespace renvoi::extract
