#include "crawl/warc.h"

#include <algorithm>
#include <charconv>

#include "crawl/ascii.h"
#include "crawl/dates.h"
#include "crawl/http_body.h"
#include "crawl/warc_stream.h"

namespace renvoi::crawl {
namespace {

constexpr std::size_t kMaxProblems = 100;
constexpr std::size_t kFirstLook_bytes = 4u << 10;
constexpr std::uint64_t kMaxBlockBytes = std::uint64_t{1} << 50;

Error damaged(const std::string& what) { return {ErrorCode::corrupt, what}; }

using Fields = std::map<std::string, std::string>;

// "Name: value" lines; a line that begins with white space goes on with the one before.
Fields parse_fields(std::string_view text) {
  Fields fields;
  std::string* last = nullptr;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
      if (last != nullptr) *last += " " + std::string(trim(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string& value = fields[lower(trim(line.substr(0, colon)))];
    value += (value.empty() ? "" : ", ") + std::string(trim(line.substr(colon + 1)));
    last = &value;
  }
  return fields;
}

std::string value_of(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

// Where the blank line that ends a header ends; npos when it is not there.
std::size_t end_of_header(std::string_view text) {
  const std::size_t crlf = text.find("\r\n\r\n"), lf = text.find("\n\n");
  if (crlf != std::string_view::npos && crlf < lf) return crlf + 4;
  return lf == std::string_view::npos ? lf : lf + 2;
}

// The header at the front of the stream, taken from it: at most `most` bytes. Nothing when no blank line is in them.
Result<std::optional<std::string>> take_header(WarcStream& stream, std::uint64_t most) {
  for (std::size_t wanted = kFirstLook_bytes;; wanted *= 2) {
    wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, most));
    RENVOI_TRY(std::string_view seen, stream.look(wanted));
    seen = seen.substr(0, most);
    const std::size_t end = end_of_header(seen);
    if (end != std::string_view::npos) {
      std::string header(seen.substr(0, end));
      RENVOI_CHECK(stream.skip(end));
      return std::optional(std::move(header));
    }
    if (seen.size() < wanted || wanted == most) return std::optional<std::string>{};
  }
}

Result<void> skip_line_ends(WarcStream& stream) {
  for (;;) {
    RENVOI_TRY(const std::string_view seen, stream.look(1));
    const std::size_t ends = std::min(seen.find_first_not_of("\r\n"), seen.size());
    if (ends == 0) return {};
    RENVOI_CHECK(stream.skip(ends));
  }
}

struct Record {
  WarcAnswer answer;
  bool is_answer = false;        // a whole HTTP header was there
  std::uint64_t body_bytes = 0;  // of the block, not taken yet
};

Result<std::uint64_t> content_length(const Fields& fields) {
  const std::string text = value_of(fields, "content-length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || length > kMaxBlockBytes)
    return damaged("a record without a Content-Length that can be read");
  return length;
}

// "HTTP/1.1 200 OK"
int status_of(std::string_view head) {
  const std::size_t space = head.find(' ');
  if (!head.starts_with("HTTP/") || space == std::string_view::npos) return 0;
  int status = 0;
  const std::string_view digits = head.substr(space + 1, 3);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  return error == std::errc() && end == digits.data() + digits.size() ? status : 0;
}

std::string target_of(const Fields& fields) {
  std::string target = value_of(fields, "warc-target-uri");
  // WARC 1.0's grammar had it between angle brackets.
  if (target.starts_with('<') && target.ends_with('>')) target = target.substr(1, target.size() - 2);
  return target;
}

// The headers of the record at the front of the stream.
Result<Record> begin_record(WarcStream& stream) {
  Record record;
  record.answer.place = stream.place();
  RENVOI_TRY(const auto header, take_header(stream, kMaxWarcHeaderBytes));
  if (!header || !header->starts_with("WARC/1.")) return damaged("no WARC 1.x record");
  const Fields fields = parse_fields(*header);
  RENVOI_TRY(const std::uint64_t length, content_length(fields));
  record.body_bytes = length;
  if (lower(std::string_view(value_of(fields, "warc-type"))) != "response" || length == 0) return record;
  record.answer.target = target_of(fields);
  record.answer.date = parse_date(value_of(fields, "warc-date")).value_or(0);
  RENVOI_TRY(const std::string_view start, stream.look(5));
  if (!start.starts_with("HTTP/")) return record;  // of DNS, or another protocol
  RENVOI_TRY(const auto head, take_header(stream, std::min<std::uint64_t>(length, kMaxHttpHeaderBytes)));
  if (!head) return record;
  record.body_bytes = length - head->size();
  record.answer.status = status_of(*head);
  record.answer.headers = parse_fields(*head);
  record.is_answer = record.answer.status != 0;
  return record;
}

// The block must be whole, and behind it two line ends and the member's end or another record (ISO 28500 section 4); a
// member may end without the line ends.
Result<void> end_record(WarcStream& stream, std::uint64_t rest_bytes) {
  RENVOI_TRY(const std::uint64_t skipped, stream.skip(rest_bytes));
  if (skipped < rest_bytes) return damaged("a record is shorter than it says, or the file was cut");
  RENVOI_TRY(const std::string_view gap, stream.look(4));
  if (gap.empty()) return {};
  const bool apart = gap.starts_with("\r\n\r\n");
  RENVOI_CHECK(skip_line_ends(stream));
  RENVOI_TRY(const std::string_view next, stream.look(7));
  if (apart && (next.empty() || next.starts_with("WARC/1."))) return {};
  return damaged("a record does not end where it says");
}

class Scan {
 public:
  Scan(const io::RandomFile& file, ByteRange range, const std::function<bool(const WarcAnswer&)>& on_answer)
      : stream_(file, range), on_answer_(on_answer) {}

  Result<WarcScan> run(const std::stop_token& stop) {
    RENVOI_TRY(bool more, stream_.next_member());
    if (!more) return damaged("the archive is empty");
    while (more) {
      if (stop.stop_requested() || scan_.records >= kMaxWarcRecords) {
        scan_.complete = false;
        break;
      }
      auto went_on = step();
      if (!went_on && (went_on.error().code != ErrorCode::corrupt || scan_.records == 0)) return went_on.error();
      if (!went_on) give_up(went_on.error().message);
      more = went_on.ok() && *went_on;
    }
    return std::move(scan_);
  }

 private:
  // One record, or the way to the next member. False at the end. Errors: `corrupt` when nothing can follow.
  Result<bool> step() {
    RENVOI_CHECK(skip_line_ends(stream_));
    RENVOI_TRY(const std::string_view seen, stream_.look(1));
    if (seen.empty()) return stream_.next_member();
    const WarcPlace place = stream_.place();
    auto record = begin_record(stream_);
    const Result<void> ended = record.ok() ? end_record(stream_, record->body_bytes) : Result<void>(record.error());
    if (!ended.ok()) {
      if (ended.error().code != ErrorCode::corrupt || !stream_.gzipped() || scan_.records == 0) return ended.error();
      problem(ended.error().message + " (byte " + std::to_string(place.offset_bytes) + "): left out");
      RENVOI_CHECK(stream_.skip(UINT64_MAX));  // to the end of its member, where the next may be sound
      return true;
    }
    ++scan_.records;
    return !record->is_answer || on_answer_(record->answer);
  }

  void problem(std::string what) {
    if (scan_.problems.size() < kMaxProblems) scan_.problems.push_back(std::move(what));
  }
  void give_up(const std::string& why) {
    problem(why + " (byte " + std::to_string(stream_.place().offset_bytes) + "): what follows was not read");
    scan_.complete = false;
  }

  WarcStream stream_;
  const std::function<bool(const WarcAnswer&)>& on_answer_;
  WarcScan scan_;
};

}  // namespace

std::string WarcAnswer::header(const std::string& lower_case_name) const { return value_of(headers, lower_case_name); }

Result<WarcScan> scan_warc(const io::RandomFile& file, ByteRange range,
                           const std::function<bool(const WarcAnswer&)>& on_answer, std::stop_token stop) {
  return Scan(file, range, on_answer).run(stop);
}

Result<WarcDocument> read_warc(const io::RandomFile& file, WarcPlace place, std::uint64_t max_bytes) {
  if (place.offset_bytes >= file.size_bytes()) return damaged("the archive ends before the record");
  WarcStream stream(file, {place.offset_bytes, file.size_bytes() - place.offset_bytes});
  RENVOI_TRY(const bool any, stream.next_member());
  RENVOI_TRY(const std::uint64_t skipped, any ? stream.skip(place.skip_bytes) : Result<std::uint64_t>(0));
  if (!any || skipped < place.skip_bytes) return damaged("the archive ends before the record");
  RENVOI_TRY(Record record, begin_record(stream));
  if (!record.is_answer) return Error{ErrorCode::invalid, "the record is not the answer of a web server"};
  record.answer.place = place;
  if (record.body_bytes > max_bytes)
    return Error{ErrorCode::exhausted, "the record's body is larger than " + std::to_string(max_bytes) + " bytes"};
  const auto body_bytes = static_cast<std::size_t>(record.body_bytes);
  RENVOI_TRY(const std::string_view seen, stream.look(body_bytes));
  if (seen.size() < body_bytes) return damaged("a record is shorter than it says, or the file was cut");
  WarcDocument document{std::move(record.answer), std::string(seen.substr(0, body_bytes))};
  RENVOI_CHECK(end_record(stream, body_bytes));
  RENVOI_TRY(document.body, decode_http_body(std::move(document.body), document.answer.header("transfer-encoding"),
                                             document.answer.header("content-encoding"), max_bytes));
  return document;
}

}  // namespace renvoi::crawl
