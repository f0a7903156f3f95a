#include "index/block_cursor.h"

#include <algorithm>
#include <cstring>

namespace renvoi::index {
namespace {

constexpr std::uint32_t kGroupPostings = kBlocksPerGroup * kBlockPostings;

std::uint32_t load32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

ScoreBound bound_from(std::string_view bytes) {
  const auto frequencies = static_cast<std::uint8_t>(bytes[0]);
  return {static_cast<std::uint8_t>(frequencies & 15), static_cast<std::uint8_t>(frequencies >> 4),
          static_cast<std::uint8_t>(bytes[1]), static_cast<std::uint8_t>(bytes[2])};
}

bool sound(const ScoreBound& bound) { return bound.tf_low >= 1 && bound.tf_high >= bound.tf_low; }

bool covers(const ScoreBound& bound, std::uint8_t frequency, std::uint8_t length) {
  return (frequency <= bound.tf_low && length >= bound.length_low) ||
         (frequency <= bound.tf_high && length >= bound.length_high);
}

}  // namespace

BlockCursor::BlockCursor(std::string_view list, std::uint32_t postings, std::uint32_t passages, Kernel kernel,
                         std::uint32_t target)
    : list_(list), postings_(postings), passages_(passages), short_(postings < kBlockPostings), block_(kernel) {
  if (postings_ == 0) {
    at_end_ = true;
    return;
  }
  if (postings_ > passages_) {
    fail();
    return;
  }
  if (short_) {
    if (!block_.decode_short(list_, postings_, passages_)) {
      fail();
      return;
    }
    blocks_ = groups_ = 1;
    lasts_[0] = block_.passages()[postings_ - 1];
    decoded_ = settled_ = true;
    if (target > 0) advance_to(target);
    return;
  }
  groups_ = (postings_ - 1) / kGroupPostings + 1;
  if (groups_ > 1 && list_.size() / kGroupEntryBytes < groups_)
    fail();
  else if (target == 0 || groups_ == 1 || target <= table_last(0))
    load_group(0);
  else {
    target_ = target;
    load_group_of_target(1);
  }
  if (target > 0) shallow_advance_to(target);
}

bool BlockCursor::fail() {
  at_end_ = failed_ = true;
  return false;
}

std::uint32_t BlockCursor::table_last(std::uint32_t group) const {
  return load32(list_, std::size_t{group} * kGroupEntryBytes);
}

std::uint32_t BlockCursor::table_end(std::uint32_t group) const {
  return load32(list_, std::size_t{group} * kGroupEntryBytes + 4);
}

ScoreBound BlockCursor::bound_of_group(std::uint32_t group) const {
  const ScoreBound bound = bound_from(list_.substr(std::size_t{group} * kGroupEntryBytes + 8));
  // Too large rather than 0 / 0 when the bytes are bad.
  return sound(bound) ? bound : ScoreBound{kMaxFrequency, kMaxFrequency, 0, 0};
}

bool BlockCursor::load_group(std::uint32_t group) {
  group_ = group;
  block_index_ = 0;
  decoded_ = settled_ = false;
  before_group_ = group == 0 ? 0xFFFFFFFF : table_last(group - 1);
  std::size_t begin = groups_ == 1 ? 0 : group == 0 ? groups_ * kGroupEntryBytes : table_end(group - 1);
  const std::size_t end = groups_ == 1 ? list_.size() : table_end(group);
  if (begin > end || end > list_.size()) return fail();
  const std::uint32_t left = postings_ - group * kGroupPostings;
  blocks_ = std::min(kBlocksPerGroup, (left - 1) / kBlockPostings + 1);
  io::ByteReader directory(list_.substr(begin, end - begin));
  std::uint64_t next = group == 0 ? 0 : std::uint64_t{before_group_} + 1;
  std::uint64_t block_begin = 0;
  for (std::uint32_t i = 0; i < blocks_; ++i) {
    const std::uint64_t distance = directory.varint();
    const std::uint64_t bytes = directory.varint();
    const std::string_view bound = directory.view(kBoundBytes);
    next += std::min(kBlockPostings, left - i * kBlockPostings);
    if (!directory.ok() || distance >= passages_ || next + distance > passages_ || bytes > list_.size()) return fail();
    next += distance;
    lasts_[i] = static_cast<std::uint32_t>(next - 1);
    bounds_[i] = bound_from(bound);
    if (!sound(bounds_[i])) return fail();
    begins_[i] = static_cast<std::uint32_t>(block_begin);
    block_begin += bytes;
    if (block_begin > list_.size()) return fail();
  }
  begins_[blocks_] = static_cast<std::uint32_t>(block_begin);
  const std::size_t head = begin + directory.position();
  if (block_begin != end - head || (groups_ > 1 && lasts_[blocks_ - 1] != table_last(group))) return fail();
  for (std::uint32_t i = 0; i <= blocks_; ++i) begins_[i] += static_cast<std::uint32_t>(head);
  return true;
}

bool BlockCursor::load_group_of_target(std::uint32_t from) {
  std::uint32_t high = groups_;
  while (from < high) {
    const std::uint32_t middle = from + (high - from) / 2;
    if (table_last(middle) < target_)
      from = middle + 1;
    else
      high = middle;
  }
  if (from == groups_) {
    at_end_ = true;
    return false;
  }
  return load_group(from);
}

bool BlockCursor::shallow_advance_to(std::uint32_t target) {
  if (at_end_) return false;
  if (target > target_) {
    target_ = target;
    settled_ = false;
  }
  if (target_ <= lasts_[block_index_]) return true;
  if (target_ > lasts_[blocks_ - 1]) {
    if (!load_group_of_target(group_ + 1)) return false;
  }
  const auto* const lasts = lasts_.data();
  const auto found =
      static_cast<std::uint32_t>(std::lower_bound(lasts + block_index_, lasts + blocks_, target_) - lasts);
  if (found == blocks_) return fail();  // the table of groups contradicts itself
  if (found != block_index_) decoded_ = false;
  block_index_ = found;
  return true;
}

bool BlockCursor::settle() {
  if (at_end_) return false;
  if (!decoded_) {
    const std::uint32_t number = group_ * kBlocksPerGroup + block_index_;
    const std::uint32_t before = block_index_ == 0 ? before_group_ : lasts_[block_index_ - 1];
    if (!block_.decode(list_, begins_[block_index_], begins_[block_index_ + 1] - begins_[block_index_],
                       std::min(kBlockPostings, postings_ - number * kBlockPostings), before, lasts_[block_index_]))
      return fail();
    decoded_ = true;
    position_ = 0;
  }
  position_ = block_.find(target_, position_);  // its last is at or after it
  settled_ = true;
  return true;
}

std::uint8_t BlockCursor::frequency() {
  if ((!settled_ && !settle()) || !block_.decode_frequencies()) {
    fail();
    return 1;
  }
  return block_.frequencies()[position_];
}

const DecodedBlock* BlockCursor::decoded() {
  if (at_end_ || (!settled_ && !settle())) return nullptr;
  if (!block_.decode_frequencies()) {
    fail();
    return nullptr;
  }
  return &block_;
}

bool BlockCursor::next() {
  if (at_end_ || (!settled_ && !settle())) return false;
  return advance_to(block_.passages()[position_] + 1);
}

bool BlockCursor::advance_to(std::uint32_t target) { return shallow_advance_to(target) && (settled_ || settle()); }

Result<void> check_posting_list(std::string_view list, std::uint32_t postings, std::span<const std::uint8_t> lengths) {
  BlockCursor cursor(list, postings, static_cast<std::uint32_t>(lengths.size()));
  const Error corrupt{ErrorCode::corrupt, "a list of postings is damaged"};
  std::uint32_t count = 0;
  for (; !cursor.at_end(); ++count) {
    const std::uint32_t passage = cursor.passage();
    const std::uint8_t frequency = cursor.frequency();
    if (cursor.failed()) return corrupt;
    if (!cursor.is_short()) {
      if (!covers(cursor.block_bound(), frequency, lengths[passage])) return corrupt;
      if (cursor.groups() > 1 && !covers(cursor.bound_of_group(cursor.group()), frequency, lengths[passage]))
        return corrupt;
    }
    cursor.next();
  }
  if (cursor.failed() || count != postings) return corrupt;
  return {};
}

}  // namespace renvoi::index
