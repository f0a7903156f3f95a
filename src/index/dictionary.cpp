#include "index/dictionary.h"

#include <algorithm>
#include <cstring>

namespace renvoi::index {
namespace {

constexpr std::uint32_t kMostShared = 15;     // in the head's four bits
constexpr std::uint32_t kMostLeft = 7;        // in its three
constexpr std::uint32_t kSizedPostings = 16;  // from so many on, a list's size is stored

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Head {
  std::uint64_t shared = 0;
  std::uint64_t left = 0;
  bool in_one_passage = false;
};

Head read_head(io::ByteReader& reader) {
  const std::uint8_t byte = reader.u8();
  Head head{byte & 15U, byte >> 4 & 7U, byte >> 7 != 0};
  if (head.shared == kMostShared) head.shared += reader.varint32();
  if (head.left == kMostLeft) head.left += reader.varint32();
  return head;
}

}  // namespace

void DictionaryWriter::add(std::string_view term, std::uint32_t postings, std::string_view list) {
  std::size_t shared = 0;
  if (terms_ % kTermsPerBlock == 0) {
    blocks_.u32(static_cast<std::uint32_t>(dictionary_.size()));
    dictionary_.varint(postings_.size());
  } else {
    const auto differ = std::mismatch(term.begin(), term.end(), last_term_.begin(), last_term_.end());
    shared = static_cast<std::size_t>(differ.first - term.begin());
  }
  const std::size_t left = term.size() - shared;
  dictionary_.u8(static_cast<std::uint8_t>(std::min<std::size_t>(shared, kMostShared) |
                                           std::min<std::size_t>(left, kMostLeft) << 4 | (postings == 1 ? 128U : 0U)));
  if (shared >= kMostShared) dictionary_.varint(shared - kMostShared);
  if (left >= kMostLeft) dictionary_.varint(left - kMostLeft);
  dictionary_.append(term.substr(shared));
  if (postings > 1) dictionary_.varint(postings - 2);
  if (postings >= kSizedPostings) dictionary_.varint(list.size());
  (postings < kBlockPostings ? dictionary_ : postings_).append(list);
  last_term_ = term;
  ++terms_;
}

bool Dictionary::open(std::uint32_t terms, std::uint32_t passages, std::span<const std::byte> blocks,
                      std::span<const std::byte> dictionary, std::span<const std::byte> postings,
                      const BlockChecks* checks) {
  terms_ = terms;
  passages_ = passages;
  blocks_ = blocks;
  dictionary_ = text_of(dictionary);
  postings_ = text_of(postings);
  checks_ = checks;
  const std::uint64_t count = (std::uint64_t{terms} + kTermsPerBlock - 1) / kTermsPerBlock;
  if (blocks.size() != count * 4 || terms > 0xFFFFFF00) return false;
  for (std::uint32_t block = 0; block < block_count(); ++block)
    if (block_begin(block) > dictionary_.size() || (block > 0 && block_begin(block) < block_begin(block - 1)))
      return false;
  return true;
}

std::uint32_t Dictionary::block_begin(std::uint32_t block) const {
  std::uint32_t value = 0;
  std::memcpy(&value, blocks_.data() + std::size_t{block} * 4, sizeof value);
  return value;
}

std::optional<std::string_view> Dictionary::block_at(std::uint32_t block) const {
  const std::size_t begin = block_begin(block);
  const std::size_t end = block + 1 < block_count() ? block_begin(block + 1) : dictionary_.size();
  const std::string_view bytes = dictionary_.substr(begin, end - begin);
  if (!verified(bytes)) return std::nullopt;
  return bytes;
}

std::optional<std::string_view> Dictionary::first_term(std::uint32_t block) const {
  const std::optional<std::string_view> bytes = block_at(block);
  if (!bytes.has_value()) return std::nullopt;
  io::ByteReader reader(*bytes);
  reader.varint();  // where its long lists begin
  const Head head = read_head(reader);
  const std::string_view term = reader.view(head.left);
  if (!reader.ok() || head.shared != 0) return std::nullopt;
  return term;
}

void Dictionary::BlockWalk::enter(std::string_view block) {
  block_ = block;
  at_ = 0;
  term_.clear();
}

bool Dictionary::BlockWalk::next(const Dictionary& dictionary) {
  if (at_ > block_.size()) return false;
  const std::string_view bytes = block_.substr(at_);
  io::ByteReader reader(bytes);
  if (at_ == 0) list_offset_ = reader.varint();
  const Head head = read_head(reader);
  const std::string_view letters = reader.view(head.left);
  const std::uint64_t postings = head.in_one_passage ? 1 : std::uint64_t{reader.varint32()} + 2;
  std::uint64_t list_bytes = postings >= kSizedPostings ? reader.varint() : 0;
  if (!reader.ok() || head.shared > term_.size() || postings > dictionary.passages_) return false;
  term_.resize(head.shared);
  term_ += letters;
  entry_.postings = static_cast<std::uint32_t>(postings);
  if (postings < kBlockPostings) {
    if (postings < kSizedPostings) {
      if (!scratch_->decode_short(bytes.substr(reader.position()), entry_.postings, dictionary.passages_)) return false;
      list_bytes = scratch_->short_bytes();
    }
    entry_.list = reader.view(list_bytes);
    at_ += reader.position();
    return reader.ok();
  }
  const std::string_view lists = dictionary.postings_;
  if (list_offset_ > lists.size() || list_bytes > lists.size() - list_offset_) return false;
  entry_.list = lists.substr(list_offset_, list_bytes);
  list_offset_ += list_bytes;
  at_ += reader.position();
  return true;
}

std::optional<TermEntry> Dictionary::find(std::string_view wanted) const {
  const auto bad = [&]() -> std::optional<TermEntry> {
    if (checks_ != nullptr) checks_->note_damage();
    return std::nullopt;
  };
  std::uint32_t low = 0;
  std::uint32_t high = block_count();
  while (low < high) {  // the first block that begins above the term
    const std::uint32_t middle = low + (high - low) / 2;
    const std::optional<std::string_view> first = first_term(middle);
    if (!first.has_value()) return bad();
    if (*first <= wanted)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return std::nullopt;
  const std::optional<std::string_view> block = block_at(low - 1);
  if (!block.has_value()) return bad();
  const std::uint32_t count = std::min(kTermsPerBlock, terms_ - (low - 1) * kTermsPerBlock);
  BlockWalk walk;
  walk.enter(*block);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!walk.next(*this)) return bad();
    if (walk.term() > wanted) return std::nullopt;
    if (walk.term() != wanted) continue;
    if (!verified(walk.entry().list)) return bad();
    return walk.entry();
  }
  return std::nullopt;
}

bool Dictionary::Walk::next() {
  if (failed_ || index_ == dictionary_->terms_) return false;
  if (index_ % kTermsPerBlock == 0) {
    const std::optional<std::string_view> block = dictionary_->block_at(index_ / kTermsPerBlock);
    failed_ = !block.has_value();
    if (failed_) return false;
    block_.enter(*block);
  }
  if (!block_.next(*dictionary_) || !dictionary_->verified(entry().list)) {
    failed_ = true;
    return false;
  }
  ++index_;
  return true;
}

}  // namespace renvoi::index
