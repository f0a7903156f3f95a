// Which language a text is in.
#pragma once

#include <string>
#include <string_view>

namespace renvoi::text {

// ISO 639-1 in lower case ("fr", "en"), or "und" when it cannot be told. `hint` is what the document declares
// ("fr-CA", may be empty): it decides when the text is too short to. Questions of three words are told apart between
// French and English by their function words and accents. Deterministic.
std::string detect_language(std::string_view text, std::string_view hint = {});

}  // namespace renvoi::text
