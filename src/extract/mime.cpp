#include "extract/mime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/date.h"
#include "base/utf8.h"
#include "extract/decode.h"
#include "extract/lines.h"
#include "extract/text_codings.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxFields = 2'000;
constexpr std::size_t kMaxFieldBytes = 64 * 1'024;
constexpr std::size_t kMaxWordBytes = 1'000;
constexpr std::size_t kMaxBoundaryBytes = 200;

std::string to_utf8(std::string_view bytes, std::string_view charset) {
  Decoded decoded;
  decode(bytes, charset, false, decoded);
  return std::string(decoded.text);
}

// One encoded word at the start of `text`, whose length goes into `bytes`.
std::optional<std::string> encoded_word(std::string_view text, std::size_t& bytes) {
  if (!text.starts_with("=?")) return std::nullopt;
  text = text.substr(0, kMaxWordBytes);
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() || text[charset_end + 2] != '?')
    return std::nullopt;
  const char encoding = static_cast<char>(std::tolower(static_cast<unsigned char>(text[charset_end + 1])));
  if (encoding != 'b' && encoding != 'q') return std::nullopt;
  const std::size_t end = text.find("?=", charset_end + 3);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view payload = text.substr(charset_end + 3, end - charset_end - 3);
  std::string_view charset = text.substr(2, charset_end - 2);
  charset = charset.substr(0, charset.find('*'));  // RFC 2231 adds the language
  std::string raw;
  if (encoding == 'b') {
    raw = base64_decode(payload);
  } else {
    std::string spaced(payload);
    std::replace(spaced.begin(), spaced.end(), '_', ' ');
    raw = quoted_printable(spaced);
  }
  bytes = end + 2;
  return to_utf8(raw, charset);
}

// The value after name= in a field; quotes and escapes undone. Names match as a whole only.
std::optional<std::string> raw_parameter(std::string_view value, std::string_view name) {
  const std::string folded = lower(value);
  for (std::size_t at = 0; (at = folded.find(name, at)) != std::string::npos; ++at) {
    const bool starts = at > 0 && (folded[at - 1] == ';' || folded[at - 1] == ' ' || folded[at - 1] == '\t');
    std::string_view rest = trim_left(value.substr(at + name.size()));
    if (!starts || !rest.starts_with('=')) continue;
    rest = trim_left(rest.substr(1));
    if (!rest.starts_with('"')) return std::string(rest.substr(0, rest.find_first_of("; \t\r\n")));
    std::string out;
    for (std::size_t i = 1; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      out += rest[i];
    }
    return out;
  }
  return std::nullopt;
}

// charset'language'%41%42 (RFC 2231, section 4).
std::string extended_value(std::string_view value) {
  const std::size_t charset = value.find('\'');
  const std::size_t language = charset == std::string_view::npos ? charset : value.find('\'', charset + 1);
  if (language == std::string_view::npos) return to_utf8(percent_decode(value), "utf-8");
  return to_utf8(percent_decode(value.substr(language + 1)), value.substr(0, charset));
}

MailPart describe(const MailFields& header, std::string_view body) {
  MailPart part;
  const std::string_view type = field(header, "content-type");
  if (const std::string name = lower(trimmed(type.substr(0, type.find(';')))); name.find('/') != std::string::npos)
    part.media_type = name;
  part.charset = parameter(type, "charset");
  const std::string_view disposition = field(header, "content-disposition");
  part.name = parameter(disposition, "filename");
  if (part.name.empty()) part.name = parameter(type, "name");
  part.attached =
      lower(disposition.substr(0, 10)) == "attachment" || (!part.name.empty() && !part.media_type.starts_with("text/"));
  part.encoding = lower(trimmed(field(header, "content-transfer-encoding")));
  part.body = body;
  return part;
}

// The bodies between the lines "--boundary" (RFC 2046, section 5.1).
std::vector<std::string_view> split_at(std::string_view body, const std::string& boundary) {
  std::vector<std::string_view> parts;
  const std::string mark = "--" + boundary;
  std::size_t begin = std::string_view::npos;
  for (std::size_t at = 0; parts.size() <= kMaxMimeParts && (at = body.find(mark, at)) != std::string_view::npos;
       at += mark.size()) {
    if (at > 0 && body[at - 1] != '\n' && body[at - 1] != '\r') continue;
    if (begin != std::string_view::npos) parts.push_back(body.substr(begin, at - begin));
    if (body.substr(at + mark.size()).starts_with("--")) return parts;
    const std::size_t end = body.find('\n', at);
    begin = end == std::string_view::npos ? body.size() : end + 1;
  }
  if (begin != std::string_view::npos && begin < body.size()) parts.push_back(body.substr(begin));  // cut short
  return parts;
}

class PartWalk {
 public:
  explicit PartWalk(bool& truncated) : truncated_(truncated) {}

  std::vector<MailPart> run(const MailFields& header, std::string_view body, std::uint32_t depth) {
    MailPart part = describe(header, body);
    if (!part.media_type.starts_with("multipart/")) {
      std::vector<MailPart> one;
      one.push_back(std::move(part));
      return one;
    }
    const std::string boundary = parameter(field(header, "content-type"), "boundary");
    std::vector<MailPart> all;
    if (boundary.empty() || boundary.size() > kMaxBoundaryBytes) return all;
    if (depth >= kMaxMimeDepth) {
      truncated_ = true;
      return all;
    }
    std::vector<std::vector<MailPart>> choices;
    for (std::string_view text : split_at(body, boundary)) {
      if (++parts_ > kMaxMimeParts) {
        truncated_ = true;
        break;
      }
      const MailFields own = take_header(text);
      choices.push_back(run(own, text, depth + 1));
    }
    if (part.media_type == "multipart/alternative") return chosen(std::move(choices));
    for (auto& choice : choices) std::move(choice.begin(), choice.end(), std::back_inserter(all));
    return all;
  }

 private:
  static std::vector<MailPart> chosen(std::vector<std::vector<MailPart>> choices) {
    const auto has_text = [](const std::vector<MailPart>& parts, std::string_view type) {
      return std::any_of(parts.begin(), parts.end(), [&](const MailPart& part) {
        return part.media_type.starts_with(type) && !part.attached && !trimmed(part.body).empty();
      });
    };
    for (const char* type : {"text/plain", "text/html", ""})
      for (auto it = choices.rbegin(); it != choices.rend(); ++it)
        if (has_text(*it, type)) return std::move(*it);
    return {};
  }

  bool& truncated_;
  std::uint32_t parts_ = 0;
};

}  // namespace

MailFields take_header(std::string_view& text) {
  MailFields fields;
  while (!text.empty()) {
    std::string_view rest = text;
    const std::string_view line = next_line(rest);
    const bool folded = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    const std::size_t colon = line.find(':');
    if (line.empty()) {
      text = rest;
      return fields;
    }
    if (folded && !fields.empty()) {
      std::string& value = fields.back().second;
      if (value.size() < kMaxFieldBytes) value.append(" ").append(trimmed(line));
    } else if (colon != std::string_view::npos && line.substr(0, colon).find(' ') == std::string_view::npos) {
      if (fields.size() < kMaxFields)
        fields.emplace_back(lower(line.substr(0, colon)),
                            std::string(trimmed(line.substr(colon + 1)).substr(0, kMaxFieldBytes)));
    } else {
      return fields;  // no header any more, though no empty line ended it
    }
    text = rest;
  }
  return fields;
}

std::string_view field(const MailFields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& each) { return each.first == name; });
  return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

std::string decode_words(std::string_view value) {
  std::string out;
  bool after_word = false;  // white space between two encoded words is none
  while (!value.empty()) {
    std::size_t bytes = 0;
    if (const auto word = encoded_word(value, bytes)) {
      if (after_word) out.erase(trim_right(out).size());
      out += *word;
      value.remove_prefix(bytes);
      after_word = true;
      continue;
    }
    if (value.front() != ' ' && value.front() != '\t') after_word = false;
    out += value.front();
    value.remove_prefix(1);
  }
  return is_valid_utf8(out) ? out : to_utf8(out, "");
}

std::string parameter(std::string_view value, std::string_view name) {
  const std::string wanted(name);
  if (const auto plain = raw_parameter(value, wanted)) return decode_words(*plain);
  if (const auto extended = raw_parameter(value, wanted + "*")) return extended_value(*extended);
  std::string pieces;  // name*0*, name*1*, ... (RFC 2231, section 3)
  bool any_extended = false;
  for (int i = 0; i < 100; ++i) {
    const std::string piece = wanted + "*" + std::to_string(i);
    if (const auto plain = raw_parameter(value, piece)) {
      pieces += *plain;
    } else if (const auto extended = raw_parameter(value, piece + "*")) {
      pieces += *extended;
      any_extended = true;
    } else {
      break;
    }
  }
  return any_extended ? extended_value(pieces) : repair_utf8(pieces);
}

std::optional<Timestamp> parse_mail_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
  if (const std::size_t comma = text.find(','); comma != std::string_view::npos) text.remove_prefix(comma + 1);
  std::vector<std::string> words;
  for (text = trim_left(text); !text.empty() && words.size() < 5; text = trim_left(text)) {
    const std::size_t end = std::min(text.find_first_of(" \t("), text.size());
    if (end == 0) break;
    words.push_back(lower(text.substr(0, end)));
    text.remove_prefix(end);
  }
  if (words.size() < 4) return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), std::string_view(words[1]).substr(0, 3));
  int day = 0, year = 0;
  std::from_chars(words[0].data(), words[0].data() + words[0].size(), day);
  std::from_chars(words[2].data(), words[2].data() + words[2].size(), year);
  if (month == kMonths.end() || day < 1 || day > 31 || year < 0 || year > 9'999) return std::nullopt;
  if (year < 100) year += year < 50 ? 2'000 : 1'900;
  std::string zone = words.size() > 4 ? words[4] : "z";
  if (zone.size() != 5 || (zone[0] != '+' && zone[0] != '-')) zone = "z";
  if (zone == "z") zone = "Z";
  const std::string time = words[3].size() == 5 ? words[3] + ":00" : words[3];
  return parse_date_time(fmt::format("{:04}-{:02}-{:02}T{}{}", year, month - kMonths.begin() + 1, day, time, zone));
}

std::string body_of(const MailPart& part) {
  if (part.encoding == "base64") return base64_decode(part.body);
  if (part.encoding == "quoted-printable") return quoted_printable(part.body);
  return std::string(part.body);
}

std::vector<MailPart> parts_of(const MailFields& header, std::string_view body, bool& truncated) {
  return PartWalk(truncated).run(header, body, 0);
}

}  // namespace renvoi::extract
