#include "crawl/warc_stream.h"

#include <algorithm>
#include <array>

namespace renvoi::crawl {
namespace {

constexpr std::size_t kPieceBytes = 64u << 10;
constexpr std::uint64_t kMaxMemberBytes = std::uint64_t{16} << 30;  // expanded

}  // namespace

Result<bool> WarcStream::read_input() {
  if (used_ < input_.size()) return true;
  const std::uint64_t left = range_.size_bytes - read_;
  input_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kPieceBytes)));
  used_ = 0;
  RENVOI_TRY(const std::size_t got, file_.read_at(range_.offset_bytes + read_, input_));
  input_.resize(got);
  read_ += got;
  return got > 0;
}

Result<bool> WarcStream::next_member() {
  RENVOI_TRY(const bool more, read_input());
  if (!more) return false;
  member_ = read_ - (input_.size() - used_);
  if (used_ > 0 && input_.size() - used_ < 2) {  // a header that straddles two pieces
    input_.erase(0, used_);
    used_ = 0;
    std::string next(static_cast<std::size_t>(std::min<std::uint64_t>(range_.size_bytes - read_, kPieceBytes)), '\0');
    RENVOI_TRY(const std::size_t got, file_.read_at(range_.offset_bytes + read_, next));
    read_ += got;
    input_.append(next, 0, got);
  }
  const bool gzip = is_gzip(std::string_view(input_).substr(used_));
  if (started_ && !gzip) return Error{ErrorCode::corrupt, "no gzip member follows"};
  gzipped_ = gzip;
  started_ = true;
  ended_ = false;
  position_ = 0;
  ready_.clear();
  taken_ = 0;
  if (gzip) inflater_.emplace();
  return true;
}

Result<bool> WarcStream::fill() {
  if (ended_) return false;
  ready_.erase(0, taken_);
  taken_ = 0;
  return gzipped_ ? fill_gzip() : fill_plain();
}

Result<bool> WarcStream::fill_plain() {
  RENVOI_TRY(const bool more, read_input());
  ended_ = !more;
  ready_.append(input_, used_);
  used_ = input_.size();
  return more;
}

Result<bool> WarcStream::fill_gzip() {
  if (position_ > kMaxMemberBytes) return Error{ErrorCode::corrupt, "a gzip member expands to more than 16 GiB"};
  std::array<char, kPieceBytes> piece;
  for (;;) {
    RENVOI_TRY(const bool more, read_input());
    RENVOI_TRY(const Inflater::Step step, inflater_->step(std::string_view(input_).substr(used_), piece));
    used_ += step.taken;
    ready_.append(piece.data(), step.given);
    ended_ = step.end;
    if (step.given > 0) return true;
    if (step.end) return false;
    if (!more) return Error{ErrorCode::corrupt, "the gzip member is cut short"};
  }
}

Result<std::string_view> WarcStream::look(std::size_t wanted) {
  while (ready_.size() - taken_ < wanted) {
    RENVOI_TRY(const bool more, fill());
    if (!more) break;
  }
  return std::string_view(ready_).substr(taken_);
}

Result<std::uint64_t> WarcStream::skip(std::uint64_t bytes) {
  std::uint64_t left = bytes;
  while (left > 0) {
    const std::uint64_t held = std::min<std::uint64_t>(left, ready_.size() - taken_);
    taken_ += static_cast<std::size_t>(held);
    position_ += held;
    left -= held;
    if (left == 0) break;
    const std::uint64_t unread = range_.size_bytes - read_;
    if (started_ && !gzipped_ && !ended_ && used_ == input_.size() && left <= unread) {
      read_ += left;  // nothing to expand: no need to read it
      position_ += left;
      left = 0;
      break;
    }
    RENVOI_TRY(const bool more, fill());
    if (!more) break;
  }
  return bytes - left;
}

WarcPlace WarcStream::place() const {
  const std::uint64_t member = range_.offset_bytes + member_;
  return gzipped_ ? WarcPlace{member, position_} : WarcPlace{member + position_, 0};
}

}  // namespace renvoi::crawl
