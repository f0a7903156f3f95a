// The bytes of a WARC file, expanded, a gzip member at a time. For warc.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crawl/gzip.h"
#include "crawl/warc.h"
#include "io/random_file.h"

namespace renvoi::crawl {

// A range that is not gzipped is one member. Not thread-safe. `file` must outlive it.
class WarcStream {
 public:
  WarcStream(const io::RandomFile& file, ByteRange range) : file_(file), range_(range) {}

  // To the first member, and from one to the next; what is left of the present one must have been skipped. False at the
  // end of the range. Errors: `corrupt` (neither gzip nor the same kind as the first).
  Result<bool> next_member();
  // The next bytes of the member: at least `wanted` of them unless it ends before. Valid until the next call.
  // Errors: `corrupt` (damaged gzip, or cut short).
  Result<std::string_view> look(std::size_t wanted);
  // Past `bytes` of the member; fewer when it ends before. Gives how many.
  Result<std::uint64_t> skip(std::uint64_t bytes);
  WarcPlace place() const;
  bool gzipped() const { return gzipped_; }

 private:
  Result<bool> fill();  // more into ready_; false at the end of the member
  Result<bool> fill_plain();
  Result<bool> fill_gzip();
  Result<bool> read_input();

  const io::RandomFile& file_;
  ByteRange range_;
  bool started_ = false, gzipped_ = false, ended_ = false;
  std::uint64_t read_ = 0;  // bytes of the range that are, or were, in input_
  std::string input_;
  std::size_t used_ = 0;  // of input_
  std::string ready_;
  std::size_t taken_ = 0;       // of ready_
  std::uint64_t member_ = 0;    // where the member begins, in the range
  std::uint64_t position_ = 0;  // of the next byte in the member
  std::optional<Inflater> inflater_;
};

}  // namespace renvoi::crawl
