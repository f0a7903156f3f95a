// E-mail to document: one message (eml) or a box of them (mbox, RFC 4155). For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// Sender, receivers and date as a list; the text, plain where there is such, else HTML through the HTML reader; quoted
// lines as quotes; forwarded messages under their subjects; attachments by name. Errors: `exhausted` (the deadline).
Result<void> read_mail(std::string_view bytes, const Reading& reading, Document& document);

// Each message under its subject. Errors: as above.
Result<void> read_mbox(std::string_view bytes, const Reading& reading, Document& document);

}  // namespace renvoi::extract
