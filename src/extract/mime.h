// Internet messages (RFC 5322) and their parts (RFC 2045 to 2047, 2231). For the room's own use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace renvoi::extract {

inline constexpr std::uint32_t kMaxMimeDepth = 16;
inline constexpr std::uint32_t kMaxMimeParts = 1'000;

// The header of a message or of one of its parts; names in lower case, values unfolded. Fields beyond some thousand are
// left out.
using MailFields = std::vector<std::pair<std::string, std::string>>;

// Takes the header and the empty line after it off `text`.
MailFields take_header(std::string_view& text);
// The first field of that name; "" when there is none.
std::string_view field(const MailFields& fields, std::string_view name);

// UTF-8 of a value with encoded words ("=?utf-8?Q?caf=C3=A9?=").
std::string decode_words(std::string_view value);
// A parameter of a value ("charset" of "text/plain; charset=utf-8"), decoded; "" when there is none.
std::string parameter(std::string_view value, std::string_view name);
// A date as RFC 5322, section 3.3 writes it ("Tue, 24 Nov 2026 10:15:00 +0100").
std::optional<Timestamp> parse_mail_date(std::string_view text);

struct MailPart {
  std::string media_type = "text/plain";  // in lower case
  std::string charset;                    // "" when none is declared
  std::string name;                       // of an attachment
  bool attached = false;
  std::string_view body;  // as it is in the message
  std::string encoding;   // Content-Transfer-Encoding in lower case
};

// The bytes of a part, its transfer encoding undone.
std::string body_of(const MailPart& part);

// The parts that a reader would be shown, in order: of alternatives the plain text, else the last that is not empty.
// Nested deeper than kMaxMimeDepth, or more than kMaxMimeParts: the rest is left out and `truncated` set.
std::vector<MailPart> parts_of(const MailFields& header, std::string_view body, bool& truncated);

}  // namespace renvoi::extract
