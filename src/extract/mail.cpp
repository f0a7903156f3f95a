#include "extract/mail.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/date.h"
#include "base/utf8.h"
#include "extract/append.h"
#include "extract/archive_folder.h"
#include "extract/decode.h"
#include "extract/document_builder.h"
#include "extract/html.h"
#include "extract/lines.h"
#include "extract/mime.h"
#include "extract/plain.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxMessages = 20'000;
constexpr std::size_t kMaxFieldShown = 500;

class MailReader {
 public:
  MailReader(const Reading& reading, Document& document)
      : reading_(reading), document_(document), builder_(document, reading.limits.max_text_bytes) {}

  Result<void> run(std::string_view bytes) {
    const MailFields header = take_header(bytes);
    document_.title = title_of(decode_words(field(header, "subject")));
    add_author(document_, decode_words(field(header, "from")));
    document_.published = parse_mail_date(field(header, "date"));
    bool joined = false;
    for (const auto& [name, label] : {std::pair{"from", "From"}, {"to", "To"}, {"cc", "Cc"}, {"date", "Date"}}) {
      const std::string value = decode_words(field(header, name));
      if (value.empty()) continue;
      builder_.add(BlockKind::list_item, 1, fmt::format("{}: {}", label, truncate_utf8(value, kMaxFieldShown)), joined);
      joined = true;
    }
    std::vector<std::string> attachments;
    for (const MailPart& part : parts_of(header, bytes, document_.truncated)) {
      RENVOI_CHECK(check_time(reading_, "this message"));
      RENVOI_CHECK(read_part(part, attachments));
    }
    for (std::size_t i = 0; i < attachments.size(); ++i)
      builder_.add(BlockKind::list_item, 1, "Attachment: " + attachments[i], i > 0);
    document_.language = text::detect_language(document_.text, reading_.hints.language);
    return {};
  }

 private:
  Result<void> read_part(const MailPart& part, std::vector<std::string>& attachments) {
    if (part.media_type == "message/rfc822" && reading_.depth + 1 < kMaxArchiveDepth) {
      Document forwarded;
      const Reading deeper{reading_.hints, reading_.limits, reading_.deadline, reading_.depth + 1};
      RENVOI_CHECK(read_mail(body_of(part), deeper, forwarded));
      append(document_, forwarded, forwarded.title.empty() ? "Forwarded message" : forwarded.title, 1, reading_.limits);
      return {};
    }
    if (part.attached || !part.media_type.starts_with("text/")) {
      attachments.push_back(part.name.empty() ? part.media_type : fmt::format("{} ({})", part.name, part.media_type));
      return {};
    }
    const std::string bytes = body_of(part);
    Decoded decoded;
    decode(bytes, part.charset, part.media_type == "text/html", decoded);
    if (part.media_type != "text/html") return plain_text(decoded.text);
    Document page;
    RENVOI_CHECK(read_html(decoded.text, reading_.hints, reading_.limits, reading_.deadline, page));
    page.links.clear();
    append(document_, page, page.title, page.title.empty() ? 0 : 1, reading_.limits);
    return {};
  }

  // Lines that begin with ">" say again what another message said.
  Result<void> plain_text(std::string_view text) {
    std::string own, quoted;
    while (!text.empty()) {
      std::string_view line = next_line(text);
      const bool quote = line.starts_with('>');
      while (line.starts_with('>'))
        line = line.substr(std::min<std::size_t>(line.size(), line.starts_with("> ") ? 2 : 1));
      if (quote) RENVOI_CHECK(write_own(own));
      if (!quote || trimmed(line).empty()) write_quoted(quoted);
      (quote ? quoted : own).append(line).append("\n");
    }
    RENVOI_CHECK(write_own(own));
    write_quoted(quoted);
    return {};
  }

  Result<void> write_own(std::string& text) {
    if (trimmed(text).empty() || builder_full()) return {};
    RENVOI_CHECK(check_time(reading_, "this message"));
    Document part;
    RENVOI_CHECK(read_plain(text, reading_.hints, reading_.limits, reading_.deadline, part));
    append(document_, part, part.title, 1, reading_.limits);
    text.clear();
    return {};
  }

  bool builder_full() const { return document_.text.size() >= reading_.limits.max_text_bytes; }

  void write_quoted(std::string& text) {
    builder_.add(BlockKind::quote, 0, text);
    text.clear();
  }

  const Reading& reading_;
  Document& document_;
  DocumentBuilder builder_;
};

// In a box, ">From " in a text stands for "From ".
std::string unescaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (line.starts_with('>') && line.substr(std::min(line.size(), line.find_first_not_of('>'))).starts_with("From "))
      line.remove_prefix(1);
    out.append(line).append("\n");
  }
  return out;
}

// Takes the first message off `bytes`: it ends where an empty line is followed by "From ".
std::string_view next_message(std::string_view& bytes) {
  std::size_t end = bytes.size();
  for (std::size_t at = 0; (at = bytes.find("\nFrom ", at)) != std::string_view::npos; ++at) {
    if (at > 0 && bytes[at - 1] != '\n' && !(bytes[at - 1] == '\r' && at > 1 && bytes[at - 2] == '\n')) continue;
    end = at + 1;
    break;
  }
  const std::string_view message = bytes.substr(0, end);
  bytes.remove_prefix(end);
  return message;
}

}  // namespace

Result<void> read_mail(std::string_view bytes, const Reading& reading, Document& document) {
  document.media_type = "message/rfc822";
  return MailReader(reading, document).run(bytes);
}

Result<void> read_mbox(std::string_view bytes, const Reading& reading, Document& document) {
  document.media_type = "application/mbox";
  std::size_t messages = 0;
  while (!bytes.empty() && document.text.size() < reading.limits.max_text_bytes) {
    RENVOI_CHECK(check_time(reading, "this mailbox"));
    if (++messages > kMaxMessages) {
      document.truncated = true;
      break;
    }
    std::string_view whole = next_message(bytes);
    if (whole.starts_with("From ")) next_line(whole);
    if (trimmed(whole).empty()) continue;
    Document message;
    const Reading deeper{reading.hints, reading.limits, reading.deadline, reading.depth + 1};
    RENVOI_CHECK(read_mail(unescaped(whole), deeper, message));
    append(document, message, message.title.empty() ? fmt::format("Message {}", messages) : message.title, 1,
           reading.limits);
    for (const std::string& author : message.authors) add_author(document, author);
    if (message.published && (!document.published || *message.published < *document.published))
      document.published = message.published;
    if (message.published && (!document.modified || *message.published > *document.modified))
      document.modified = message.published;
  }
  document.language = text::detect_language(document.text, reading.hints.language);
  return {};
}

}  // namespace renvoi::extract
