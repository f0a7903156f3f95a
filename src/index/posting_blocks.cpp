#include "index/posting_blocks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace renvoi::index {
namespace {

constexpr unsigned kMaxLowBits = 31;
constexpr std::size_t kMaxBlockBytes = 4'096;  // a sound one takes less than 700

// The low bits of the distance between frequencies above 1.
unsigned exception_low_bits(unsigned count, unsigned exceptions) {
  return static_cast<unsigned>(std::bit_width(count / exceptions)) - 1;
}

std::uint8_t stored(std::uint32_t frequency) { return static_cast<std::uint8_t>(std::min(frequency, kMaxFrequency)); }

// How many low bits make these gaps shortest in Rice code, and how many bits they take then.
struct Rice {
  unsigned width = 0;
  std::uint64_t bits = 0;
};
Rice best_rice(std::span<const std::uint32_t> gaps) {
  Rice best{0, std::numeric_limits<std::uint64_t>::max()};
  for (unsigned width = 0; width <= kMaxLowBits; ++width) {
    std::uint64_t bits = gaps.size() * (width + std::uint64_t{1});
    for (const std::uint32_t gap : gaps) bits += gap >> width;
    if (bits < best.bits) best = {width, bits};
  }
  return best;
}

void append_packed(std::string& out, std::span<const std::uint32_t> values, unsigned width) {
  BitWriter bits;
  for (const std::uint32_t value : values) bits.put(value, width);
  out += bits.take();
}

std::string encode_block(std::span<const Posting> postings, std::uint32_t before) {
  const auto count = static_cast<unsigned>(postings.size());
  std::array<std::uint32_t, kBlockPostings> gap_room{};
  const std::span<std::uint32_t> gaps = std::span(gap_room).first(count);
  std::vector<std::uint32_t> distances;
  for (unsigned i = 0, next = 0; i < count; ++i) {
    gaps[i] = postings[i].passage - before - 1;
    before = postings[i].passage;
    if (postings[i].frequency <= 1) continue;
    distances.push_back(i - next);
    next = i + 1;
  }

  ChunkWidths widths{};
  const unsigned chunks = (count + kChunkPostings - 1) / kChunkPostings;
  const auto chunk_of = [&](unsigned chunk) {
    return std::span<const std::uint32_t>(gaps).subspan(chunk * kChunkPostings,
                                                        std::min(kChunkPostings, count - chunk * kChunkPostings));
  };
  const Rice whole = best_rice(gaps);
  std::uint64_t split_bits = 8 * packed_bytes(chunks, 4);
  unsigned least = kMaxLowBits;
  for (unsigned chunk = 0; chunk < chunks; ++chunk) {
    const Rice rice = best_rice(chunk_of(chunk));
    widths[chunk] = static_cast<std::uint8_t>(rice.width);
    split_bits += rice.bits;
    least = std::min(least, rice.width);
  }
  const unsigned most = *std::max_element(widths.begin(), widths.begin() + chunks);
  const bool split = split_bits < whole.bits && most - least <= 15;
  if (!split) std::fill_n(widths.begin(), chunks, static_cast<std::uint8_t>(whole.width));

  std::string out;
  out += static_cast<char>(split ? least | 128U : whole.width);
  out += static_cast<char>(distances.size());
  if (split) {
    BitWriter bits;
    for (unsigned chunk = 0; chunk < chunks; ++chunk) bits.put(widths[chunk] - least, 4);
    out += bits.take();
  }
  for (unsigned chunk = 0; chunk < chunks; ++chunk) append_packed(out, chunk_of(chunk), widths[chunk]);
  const unsigned low_bits = distances.empty() ? 0 : exception_low_bits(count, static_cast<unsigned>(distances.size()));
  append_packed(out, distances, low_bits);
  BitWriter unary;
  for (unsigned i = 0; i < count; ++i) unary.unary(gaps[i] >> widths[i / kChunkPostings]);
  for (const std::uint32_t distance : distances) unary.unary(distance >> low_bits);
  for (const Posting& posting : postings)
    if (posting.frequency > 1) unary.unary(stored(posting.frequency) - 2U);
  return out + unary.take();
}

void append_bound(io::ByteWriter& out, const ScoreBound& bound) {
  out.u8(static_cast<std::uint8_t>(bound.tf_low | bound.tf_high << 4));
  out.u8(bound.length_low);
  out.u8(bound.length_high);
}

}  // namespace

std::uint8_t length_code(std::uint32_t length) {
  if (length < 128) return static_cast<std::uint8_t>(length);
  if (length < 256) return static_cast<std::uint8_t>(128 + (length - 128) / 2);
  if (length < 512) return static_cast<std::uint8_t>(192 + (length - 256) / 8);
  if (length < 1'024) return static_cast<std::uint8_t>(224 + (length - 512) / 32);
  const auto doubling = static_cast<unsigned>(std::bit_width(length)) - 11;  // 0 from 1,024
  if (doubling > 3) return 255;
  return static_cast<std::uint8_t>(240 + 4 * doubling + (length >> (8 + doubling)) - 4);
}

std::uint32_t length_of_code(std::uint8_t code) {
  if (code < 128) return code;
  if (code < 192) return 128U + (code - 128U) * 2;
  if (code < 224) return 256U + (code - 192U) * 8;
  if (code < 240) return 512U + (code - 224U) * 32;
  const unsigned doubling = (code - 240U) / 4;
  return (4U + (code - 240U) % 4) << (8 + doubling);
}

Result<Bm25Curve> Bm25Curve::make(const Bm25Parameters& parameters, float average_length) {
  const auto [k1, b] = parameters;
  if (!(std::isfinite(k1) && k1 >= 0 && b >= 0 && b <= 1 && std::isfinite(average_length) && average_length > 0))
    return Error{ErrorCode::invalid, "BM25 wants k1 >= 0, 0 <= b <= 1 and an average length above 0"};
  Bm25Curve curve;
  for (unsigned code = 0; code < 256; ++code) {
    const auto length = static_cast<float>(length_of_code(static_cast<std::uint8_t>(code)));
    const float normalised = 1.0F - b + b * length / average_length;
    curve.saturation_[code] = k1 * normalised;
  }
  return curve;
}

float ScoreBound::of(float weight, const Bm25Curve& curve) const {
  // Rounded, a score with a larger tf or a smaller length can fall below by a unit in the last place.
  constexpr float kSlack = 1.0F + 8 * std::numeric_limits<float>::epsilon();
  return kSlack * std::max(curve.score(weight, tf_low, length_low), curve.score(weight, tf_high, length_high));
}

PostingBlockWriter::PostingBlockWriter(std::span<const std::uint8_t> lengths) : lengths_(lengths) {
  double sum = 0;
  for (const std::uint8_t code : lengths) sum += length_of_code(code);
  const float average = sum > 0 ? static_cast<float>(sum / static_cast<double>(lengths.size())) : 1.0F;
  const Bm25Curve usual = Bm25Curve::make({}, average).value();
  std::copy_n(usual.saturation(), usual_saturation_.size(), usual_saturation_.begin());
}

ScoreBound PostingBlockWriter::bound_of(std::span<const Posting> postings) const {
  std::array<std::uint8_t, kMaxFrequency + 1> shortest;  // by frequency
  shortest.fill(255);
  std::uint8_t most = 1;
  for (const Posting& posting : postings) {
    const std::uint8_t frequency = stored(posting.frequency);
    shortest[frequency] = std::min(shortest[frequency], lengths_[posting.passage]);
    most = std::max(most, frequency);
  }
  // Step by step: the low side holds the frequencies up to `step`, the high side those above.
  ScoreBound best;
  float least = std::numeric_limits<float>::infinity();
  for (std::uint8_t step = 1; step <= most; ++step) {
    ScoreBound bound{step, most, 255, 255};
    for (std::uint8_t tf = 1; tf <= most; ++tf) {
      std::uint8_t& length = tf <= step ? bound.length_low : bound.length_high;
      length = std::min(length, shortest[tf]);
    }
    if (step == most) bound.length_high = bound.length_low;
    const float value =
        std::max(static_cast<float>(step) / (static_cast<float>(step) + usual_saturation_[bound.length_low]),
                 static_cast<float>(most) / (static_cast<float>(most) + usual_saturation_[bound.length_high]));
    if (value < least) {
      least = value;
      best = bound;
    }
  }
  return best;
}

std::string PostingBlockWriter::encode_short(std::span<const Posting> postings) const {
  std::vector<std::uint32_t> passages;
  std::vector<std::uint32_t> exceptions;
  for (std::uint32_t i = 0; i < postings.size(); ++i) {
    passages.push_back(postings[i].passage);
    if (postings[i].frequency > 1) exceptions.push_back(i);
  }
  BitWriter out;
  write_interpolative(out, passages, 0, static_cast<std::uint32_t>(lengths_.size()) - 1);
  out.put(exceptions.empty() ? 0 : 1, 1);
  if (exceptions.empty()) return out.take();
  const auto count = static_cast<std::uint32_t>(postings.size());
  out.put(static_cast<std::uint32_t>(exceptions.size()), static_cast<unsigned>(std::bit_width(count)));
  write_interpolative(out, exceptions, 0, count - 1);
  for (const std::uint32_t i : exceptions) out.unary(stored(postings[i].frequency) - 2U);
  return out.take();
}

std::string PostingBlockWriter::encode_group(std::span<const Posting> postings, std::uint32_t before) const {
  io::ByteWriter directory;
  std::string blocks;
  for (std::size_t begin = 0; begin < postings.size(); begin += kBlockPostings) {
    const auto block = postings.subspan(begin, std::min<std::size_t>(kBlockPostings, postings.size() - begin));
    const std::string bytes = encode_block(block, before);
    directory.varint(block.back().passage - before - static_cast<std::uint32_t>(block.size()));
    directory.varint(bytes.size());
    append_bound(directory, bound_of(block));
    blocks += bytes;
    before = block.back().passage;
  }
  return directory.take() + blocks;
}

void PostingBlockWriter::write(io::ByteWriter& out, std::span<const Posting> postings) const {
  if (postings.empty()) return;
  if (postings.size() < kBlockPostings) {
    out.append(encode_short(postings));
    return;
  }
  constexpr std::size_t kGroupPostings = std::size_t{kBlocksPerGroup} * kBlockPostings;
  const std::size_t groups = (postings.size() + kGroupPostings - 1) / kGroupPostings;
  io::ByteWriter table;
  std::string bodies;
  std::uint32_t before = 0xFFFFFFFF;
  for (std::size_t begin = 0; begin < postings.size(); begin += kGroupPostings) {
    const auto group = postings.subspan(begin, std::min(kGroupPostings, postings.size() - begin));
    bodies += encode_group(group, before);
    before = group.back().passage;
    table.u32(before);
    table.u32(static_cast<std::uint32_t>(groups * kGroupEntryBytes + bodies.size()));
    append_bound(table, bound_of(group));
  }
  if (groups > 1) out.append(table.str());
  out.append(bodies);
}

bool DecodedBlock::decode(std::string_view list, std::size_t begin, std::size_t bytes, unsigned count,
                          std::uint32_t before, std::uint32_t last) {
  count_ = 0;
  frequencies_known_ = true;
  if (count == 0 || count > kBlockPostings || bytes < 2 || bytes > kMaxBlockBytes || begin > list.size() ||
      bytes > list.size() - begin)
    return false;
  block_ = list.substr(begin, bytes);
  if (list.size() - begin - bytes < kReadSlackBytes) {
    copy_.assign(block_);
    copy_.resize(bytes + kReadSlackBytes);
    block_ = std::string_view(copy_).substr(0, bytes);
  }
  const auto head = static_cast<std::uint8_t>(block_[0]);
  exceptions_ = static_cast<std::uint8_t>(block_[1]);
  const unsigned width = head & 31U;
  if ((head & 96U) != 0 || exceptions_ > count) return false;
  const unsigned chunks = (count + kChunkPostings - 1) / kChunkPostings;
  std::size_t at = 2;
  ChunkWidths widths{};
  std::fill_n(widths.begin(), chunks, static_cast<std::uint8_t>(width));
  if ((head & 128U) != 0) {
    if (bytes < at + packed_bytes(chunks, 4)) return false;
    for (unsigned chunk = 0; chunk < chunks; ++chunk) {
      const unsigned pair = static_cast<std::uint8_t>(block_[at + chunk / 2]);
      const unsigned of_chunk = width + (chunk % 2 == 0 ? pair & 15U : pair >> 4);
      if (of_chunk > kMaxLowBits) return false;
      widths[chunk] = static_cast<std::uint8_t>(of_chunk);
    }
    at += packed_bytes(chunks, 4);
  }
  const std::size_t lows = at;
  for (unsigned chunk = 0; chunk < chunks; ++chunk)
    at += packed_bytes(std::min(kChunkPostings, count - chunk * kChunkPostings), widths[chunk]);
  exception_lows_ = at;
  if (exceptions_ > 0) at += packed_bytes(exceptions_, exception_low_bits(count, exceptions_));
  if (at >= bytes || !find_ones(kernel_, block_, 8 * at, count, places_.data())) return false;
  unary_bit_ = std::size_t{places_[count - 1]} + 1;
  if (!join_gaps(kernel_, block_.data() + lows, widths, count, places_.data(), static_cast<std::uint32_t>(8 * at),
                 before, passages_.data()) ||
      passages_[count - 1] != last)
    return false;
  count_ = count;
  frequencies_known_ = false;
  return true;
}

bool DecodedBlock::decode_frequencies() {
  if (frequencies_known_) return true;
  frequencies_known_ = true;
  std::fill_n(frequencies_.begin(), count_, std::uint8_t{1});
  if (exceptions_ == 0) return true;
  if (!find_ones(kernel_, block_, unary_bit_, 2 * exceptions_, places_.data())) return false;
  const unsigned low_bits = exception_low_bits(count_, exceptions_);
  const std::uint64_t mask = (std::uint64_t{1} << low_bits) - 1;
  std::size_t low_bit = 8 * exception_lows_;
  auto distance_from = static_cast<std::uint32_t>(unary_bit_);
  std::uint32_t frequency_from = places_[exceptions_ - 1] + 1;
  std::uint64_t place = 0;
  for (unsigned i = 0; i < exceptions_; ++i) {
    std::uint32_t word = 0;
    std::memcpy(&word, block_.data() + low_bit / 8, sizeof word);
    place += std::uint64_t{places_[i] - distance_from} << low_bits | (word >> (low_bit % 8) & mask);
    const std::uint32_t frequency = places_[exceptions_ + i] - frequency_from + 2;
    if (place >= count_ || frequency > kMaxFrequency) {
      std::fill_n(frequencies_.begin(), count_, std::uint8_t{1});
      return false;
    }
    frequencies_[place++] = static_cast<std::uint8_t>(frequency);
    low_bit += low_bits;
    distance_from = places_[i] + 1;
    frequency_from = places_[exceptions_ + i] + 1;
  }
  return true;
}

bool DecodedBlock::decode_short(std::string_view list, unsigned count, std::uint32_t passages) {
  count_ = 0;
  frequencies_known_ = true;
  if (count == 0 || count >= kBlockPostings || count > passages) return false;
  BitReader in(list);
  read_interpolative(in, std::span(passages_).first(count), 0, passages - 1);
  std::fill_n(frequencies_.begin(), count, std::uint8_t{1});
  if (in.get(1) != 0) {
    const std::uint32_t exceptions = in.get(static_cast<unsigned>(std::bit_width(count)));
    if (exceptions == 0 || exceptions > count) return false;
    const std::span<std::uint32_t> at = std::span(places_).first(exceptions);
    read_interpolative(in, at, 0, count - 1);
    for (const std::uint32_t place : at) {
      const std::uint32_t frequency = in.unary() + 2;
      if (frequency > kMaxFrequency) return false;
      frequencies_[place] = static_cast<std::uint8_t>(frequency);
    }
  }
  if (!in.ok()) return false;
  count_ = count;
  short_bytes_ = static_cast<std::size_t>((in.position() + 7) / 8);
  return true;
}

unsigned DecodedBlock::find(std::uint32_t target, unsigned from) const {
  // Without branches: what is looked for is anywhere, and a wrong guess costs more than all steps.
  if (count_ == kBlockPostings) {
    constexpr unsigned kChunk = 16;
    const std::uint32_t* chunk = passages_.data();
    for (unsigned half = kBlockPostings / 2; half >= kChunk; half /= 2) chunk += chunk[half - 1] < target ? half : 0;
    unsigned below = 0;  // of a chunk: independent comparisons, a few instructions
    for (unsigned i = 0; i < kChunk; ++i) below += chunk[i] < target ? 1 : 0;
    return std::max(from, static_cast<unsigned>(chunk - passages_.data()) + below);
  }
  const std::uint32_t* at = passages_.data() + from;
  for (unsigned left = count_ - from; left > 0;) {
    const unsigned half = (left + 1) / 2;
    at += at[half - 1] < target ? half : 0;
    left -= half;
  }
  return static_cast<unsigned>(at - passages_.data());
}

}  // namespace renvoi::index
