// WARC 1.0 and 1.1 (ISO 28500), plain or gzipped a record at a time or as a whole. One range of a file; no paths here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/random_file.h"

namespace renvoi::crawl {

inline constexpr std::size_t kMaxWarcHeaderBytes = 64u << 10;   // of a record
inline constexpr std::size_t kMaxHttpHeaderBytes = 256u << 10;  // of the answer in it
inline constexpr std::uint64_t kMaxWarcRecords = 100'000'000;

// A part of a file.
struct ByteRange {
  std::uint64_t offset_bytes = 0, size_bytes = 0;
};

// Where a record begins: the byte of the file where its gzip member does, and how far into what that expands to. In a
// file that is not gzipped, the record's own first byte and 0.
struct WarcPlace {
  std::uint64_t offset_bytes = 0, skip_bytes = 0;
  bool operator==(const WarcPlace&) const = default;
};

// The answer of a server as a record has it, without its body.
struct WarcAnswer {
  WarcPlace place;
  std::string target;                          // WARC-Target-URI
  Timestamp date = 0;                          // WARC-Date; 0: none that can be read
  int status = 0;                              // HTTP
  std::map<std::string, std::string> headers;  // HTTP; names in lower case, repeated ones joined by ", "
  std::string header(const std::string& lower_case_name) const;
};

struct WarcScan {
  std::uint64_t records = 0;            // whole ones, of any type
  std::vector<std::string> problems{};  // at most 100: what was damaged, where, and what that cost
  bool complete = true;                 // false: what follows some byte was not read
};

// Walks the records and gives each whole HTTP answer (type `response`) to `on_answer`; false from it ends the walk.
// A record is given only once its end was found where Content-Length says, and its gzip member's checksum was right:
// one that lies about its length is left out, with the rest of its gzip member, or (plain) of the file, since its body
// could pass for a record. O(range), a few hundred KiB of memory whatever the bytes are. Errors: `corrupt` (its first
// record is none), those of the file.
Result<WarcScan> scan_warc(const io::RandomFile& file, ByteRange range,
                           const std::function<bool(const WarcAnswer&)>& on_answer, std::stop_token stop = {});

// The answer at `place` with its body: transfer coding `chunked` and content codings gzip and deflate undone. Errors:
// `corrupt` (no whole record there), `invalid` (not an HTTP answer, or a coding that is not read), `exhausted` (a body
// of more than `max_bytes`, before or after decoding).
struct WarcDocument {
  WarcAnswer answer;
  std::string body;
};
Result<WarcDocument> read_warc(const io::RandomFile& file, WarcPlace place, std::uint64_t max_bytes);

}  // namespace renvoi::crawl
