// PDF to document, by poppler's pdftotext in a confined child process (docs/decisions/0013). For the room's own use.
#pragma once

#include <array>
#include <span>

#include "extract/reading.h"

namespace renvoi::extract {

inline constexpr std::array<const char*, 2> kPdfPrograms{"/usr/bin/pdftotext", "/usr/local/bin/pdftotext"};

// Fills everything but media_type. Errors: `unavailable` (pdftotext is not installed: the message says how), `invalid`
// (a scan: pictures without text; protected by a password), `corrupt` (no PDF, damaged), `exhausted` (the deadline, or
// more memory than a PDF may take).
Result<void> read_pdf(std::string_view bytes, const Reading& reading, Document& document,
                      std::span<const char* const> programs = kPdfPrograms);

}  // namespace renvoi::extract
