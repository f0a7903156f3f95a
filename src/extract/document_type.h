// Short names for kinds of documents: what people filter by.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace renvoi::extract {

// "html" for "text/html", "markdown", "text", "pdf", "docx", ...; of a media type without a short name its subtype
// ("x-abc" of "application/x-abc"), at most 40 bytes.
std::string document_type(std::string_view media_type);
// All short names.
std::span<const std::string_view> document_types();

}  // namespace renvoi::extract
