// Posting lists in blocks of 128, with what bounds the BM25 score of each block.
//
// Written per list, for `df` postings among `passages` passages; both are known from elsewhere (the dictionary, the
// segment). Bits are numbered from the least significant of the first byte; numbers are little-endian.
//
// A list of fewer than 128 postings is one bit stream: the passages in interpolative code (bit_packing.h); one bit, 1
// when some frequency is above 1; then, when it is, how many are (bit_width(df) bits), their places in the list in
// interpolative code, and their frequencies - 2 in unary.
//
// A longer list is a row of groups of 32 blocks. When there is more than one group, a table stands before them:
//   for each group:  u32 last passage, u32 where its bytes end (from the begin of the list), 3 bytes bound
// A group:           for each block:  varint(last passage - last of the block before - postings of the block),
//                                     varint(bytes of the block), 3 bytes bound
//                    then the blocks; "before" is -1 at the begin of a list
// A block:           u8  low bits of a gap, w (0 to 31); | 128 when it differs by chunk of 16 postings
//                    u8  e, how many frequencies are above 1 (0 to 128)
//                    .   when it differs: 4 bits a chunk, to be added to w; filled up to a byte
//                    .   the low w bits of each gap, each chunk filled up to a byte; a gap is the passage - the one
//                        before - 1 (the first of a list counts from -1)
//                    .   the low r = floor(log2(postings / e)) bits of the distance between the places of such
//                        frequencies, filled up to a byte
//                    .   unary (zeros, then a one), one bit stream: the gaps >> w; those distances >> r; those
//                        frequencies - 2
// A bound:           u8 tf_low | tf_high << 4, u8 length code low, u8 length code high: see ScoreBound
//
// Measured by bench_postings: 1,000,000 passages of 200 tokens resampled from French and English text, 67 stems
// each: 80.9 bytes a passage (9.7 bits a posting), where the simple lists of postings.h take 108.9; 20,500 real
// passages of 39 stems, where neighbours resemble each other: 46.6 (simple: 60.8). nDCG@10 with stored lengths and
// frequencies differs by .0004 on en-cranfield, by nothing on the four other sets. A bound of one step (largest tf,
// smallest length) would save half a byte a passage and scored 4 to 6 % more postings.
//
// Why these codes, by counting the
// bits that each would take, without block headers (a prototype; bytes a passage): gaps of 200,000 resampled passages
// of 70 stems: entropy of each term's density 72.7, Rice 73.2, interpolative code in blocks 74.4, Elias-Fano 77.1, bit
// packing with exceptions 77.8, one width a block 85.0. Of the real passages, long lists: Rice 17.6, with a width for
// each chunk 15.8, interpolative 15.1; short lists: Rice 25.1, interpolative 23.0. Frequencies (resampled): 5.3 as
// here, 9.0 all in unary, 14.3 in one width a block; their entropy 4.9.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "index/bit_packing.h"
#include "index/index.h"
#include "index/postings.h"
#include "io/bytes.h"

namespace renvoi::index {

constexpr std::uint32_t kMaxFrequency = 15;    // larger ones are stored as this: BM25 has levelled off by then
constexpr std::uint32_t kBlocksPerGroup = 32;  // 4,096 postings
constexpr std::size_t kBoundBytes = 3;
constexpr std::size_t kGroupEntryBytes = 8 + kBoundBytes;

// Lengths of passages (sums of term frequencies) in one byte, as Lucene's norms but finer: exact below 128, then 1/64
// to 1/4 too small at most (128 to 255 in steps of 2, to 511 in 8, to 1,023 in 32, then four steps for each doubling,
// up to 14,336). Scores are defined by what the code stands for, here and in every oracle.
std::uint8_t length_code(std::uint32_t length);
std::uint32_t length_of_code(std::uint8_t code);

// What BM25 makes of frequency and length, for one collection at one moment: a posting's score is
//   weight * tf / (tf + saturation[length code]),   saturation = k1 * (1 - b + b * length / average length)
// in that order, in float (Robertson and Zaragoza 2009, equation 3.15 without the constant k1 + 1).
class Bm25Curve {
 public:
  // Errors: `invalid` unless k1 >= 0, 0 <= b <= 1 and the average is above 0 and all are finite.
  static Result<Bm25Curve> make(const Bm25Parameters& parameters, float average_length);
  float score(float weight, std::uint32_t frequency, std::uint8_t length) const {
    const auto count = static_cast<float>(frequency);
    return weight * count / (count + saturation_[length]);
  }
  const float* saturation() const { return saturation_.data(); }  // 256

 private:
  std::array<float, 256> saturation_{};
};

// Bounds every posting of a block, whatever the average length and the parameters are when it is asked: each has
// tf <= tf_low and length >= length_low, or tf <= tf_high and length >= length_high. (Two steps of the staircase that
// Lucene keeps whole as impacts: three bytes a block, with the step put where the bound at k1 = .9, b = .4 is least.)
struct ScoreBound {
  std::uint8_t tf_low = 0, tf_high = 0;          // 1 to 15
  std::uint8_t length_low = 0, length_high = 0;  // codes
  // Never below Bm25Curve::score of any posting it covers, in float. `weight` at least 0.
  float of(float weight, const Bm25Curve& curve) const;
  bool operator==(const ScoreBound&) const = default;
};

// Writes lists of one segment. Keeps a view of the lengths only.
class PostingBlockWriter {
 public:
  // The length code of each passage.
  explicit PostingBlockWriter(std::span<const std::uint8_t> lengths);
  // Appends one list: `postings` strictly increasing, all below lengths.size(). The bytes are less than 4 GiB.
  void write(io::ByteWriter& out, std::span<const Posting> postings) const;
  // The bound of some postings.
  ScoreBound bound_of(std::span<const Posting> postings) const;

 private:
  std::string encode_short(std::span<const Posting> postings) const;
  std::string encode_group(std::span<const Posting> postings, std::uint32_t before) const;

  std::span<const std::uint8_t> lengths_;
  std::array<float, 256> usual_saturation_{};
};

// One block's passages and frequencies, decoded. Kept by the caller and used again: about 3 KB, nothing allocated.
class DecodedBlock {
 public:
  explicit DecodedBlock(Kernel kernel = best_kernel()) : kernel_(kernel) {}
  // Moved, not copied: it may look into its own copy of a block.
  DecodedBlock(DecodedBlock&&) = default;
  DecodedBlock& operator=(DecodedBlock&&) = default;

  // `list` is where `block` lies in, for the bytes behind it. Frequencies are not read yet. `before` is the last
  // passage of the block before, 0xFFFFFFFF for the first. False when the bytes are bad: not `count` (1 to 128)
  // postings that increase and end at `last`.
  bool decode(std::string_view list, std::size_t begin, std::size_t bytes, unsigned count, std::uint32_t before,
              std::uint32_t last);
  // A whole list of fewer than 128 postings, frequencies too. False when the bytes are bad.
  // `list` may be longer: short_bytes() says where it ends, so that such lists need no size of their own.
  bool decode_short(std::string_view list, unsigned count, std::uint32_t passages);
  std::size_t short_bytes() const { return short_bytes_; }
  // Reads the frequencies if they are not there yet. False when the bytes are bad; they are all 1 then.
  bool decode_frequencies();

  unsigned size() const { return count_; }
  const std::uint32_t* passages() const { return passages_.data(); }
  const std::uint8_t* frequencies() const { return frequencies_.data(); }  // after decode_frequencies()
  // The first posting at or after `target`, searched from `from` on; size() when there is none.
  unsigned find(std::uint32_t target, unsigned from) const;

 private:
  Kernel kernel_;
  unsigned count_ = 0;
  bool frequencies_known_ = true;
  std::size_t short_bytes_ = 0;
  unsigned exceptions_ = 0;         // frequencies above 1
  std::string_view block_;          // with kReadSlackBytes readable behind
  std::size_t exception_lows_ = 0;  // where they begin in the block
  std::size_t unary_bit_ = 0;       // where the exceptions' unary code begins
  std::array<std::uint32_t, kBlockPostings> passages_;
  std::array<std::uint8_t, kBlockPostings> frequencies_;
  std::array<std::uint32_t, 2 * kBlockPostings + kExtraPlaces> places_;
  std::string copy_;  // of a block that ends too near to the end of its list
};

}  // namespace renvoi::index
