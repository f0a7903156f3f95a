// The media type of bytes, by what they begin with and by their name.
#pragma once

#include <string>
#include <string_view>

namespace renvoi::dataset {

// "image/png", "text/plain", ...; "application/octet-stream" when neither says. The bytes are believed before the name.
std::string media_type_of(std::string_view bytes, std::string_view name);
// The usual extension, without the dot: "png"; "bin" for what is not known.
std::string_view extension_of(std::string_view media_type);

}  // namespace renvoi::dataset
