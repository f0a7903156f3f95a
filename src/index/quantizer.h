// Nested codes of a few bits a coordinate, whose first bits are scanned and whose rest refines what the scan found.
//
// A code depends on the vector and on the quantizer, never on the data around it (invariant 6), so that a merge copies
// codes. What the data have in common is in the quantizer instead, which is made once for a model from calibration
// texts (quantizer_fit.h): the mean of its vectors, the axis along which queries share most of their length, a basis of
// orthonormal directions, and how many bits each is worth (transform coding: Goyal, "Theoretical foundations of
// transform coding", 2001). Without one, plain(): no mean, no axis, the seeded random rotation of codes.h.
//
//   vector x  ->  r = x - mean;  a = <r, axis>;  r' = basis (r - a axis)
//   code      =   [hot bits][cold bits][hot scale u16][axis u16][scale u16]
//   estimate  =   <q, mean> + a <q, axis> + scale x sum_i q'_i step_i (level_i - (2^bits_i - 1) / 2)
//
// A level is a number of bits_i bits; the hot bits are its hot_bits_i most significant ones (the sign comes first), and
// are an estimate of their own with their own steps and scale. Both scales make the inner product of a vector with its
// own code exact, so that estimates are unbiased (EDEN, ICML 2022; RaBitQ, arXiv 2405.12497 and 2409.09913).
// Levels are evenly spaced, so that every bit adds its own amount whatever the others are: four bits, whosever they
// are, make one table of 16 entries (sign_scan.h), and all of them one integer product (quantizer_dot.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "index/codes.h"
#include "index/quantizer_simd.h"
#include "index/sign_scan.h"

namespace renvoi::index {

constexpr std::size_t kMaxBits = 8;  // of a coordinate

// What a quantizer is made of. Coordinates are in order of importance: `bits` never rises.
struct QuantizerParts {
  std::uint32_t dimensions = 0;        // 1 to kMaxDimensions
  std::vector<float> mean;             // `dimensions`, or empty: zero
  std::vector<float> axis;             // `dimensions`, unit length, or empty: none
  std::string rotation_seed;           // when `basis` is empty: Rotation(rotation_seed, dimensions), all coordinates
  std::vector<float> basis;            // bits.size() x dimensions, row-major, rows orthonormal and orthogonal to `axis`
  std::vector<std::uint8_t> bits;      // 1 to kMaxBits for each coordinate that is kept, at most `dimensions` of them
  std::vector<std::uint8_t> hot_bits;  // 0 to bits[i]; never rises; the first is at least 1
  std::vector<float> steps;            // distance of two levels, for a vector of typical length; 1e-12 to 1e12
  std::vector<float> hot_steps;        // the same for the hot levels
  std::vector<float> weights;          // how much a query's variance makes an error there matter; 1e-12 to 1e12
  float typical_length = 1;            // square root of the mean of sum_i weights_i r'_i^2
};

// A query, ready to be compared with codes. Immutable.
class CodeQuery {
 public:
  const std::vector<std::uint8_t>& table() const { return table_; }  // kTableRowEntries for each hot byte
  const LaneScoring& scoring() const { return scoring_; }            // of the table's sums
  const std::vector<std::int16_t>& weights() const { return weights_; }

 private:
  friend class Quantizer;
  std::vector<std::uint8_t> table_;
  LaneScoring scoring_;
  std::vector<std::int16_t> weights_;  // per coordinate, for levels aligned to eight bits; a multiple of 64
  std::int64_t centre_ = 0;            // in half units of `weights_`
  double half_unit_ = 0;
};

// Where the parts of a code are, in bytes from its beginning.
struct CodeLayout {
  std::size_t hot_bytes = 0;
  std::size_t cold_bytes = 0;
  std::size_t hot_scale_at() const { return hot_bytes + cold_bytes; }
  std::size_t axis_at() const { return hot_scale_at() + 2; }
  std::size_t scale_at() const { return hot_scale_at() + 4; }
  std::size_t code_bytes() const { return hot_scale_at() + 6; }
};

// A code's bits by plane, most significant first, each padded with zeros: what the product reads. One per thread.
class CodePlanes {
 public:
  const std::uint8_t* bits() const { return bits_.data(); }
  std::size_t stride_bytes() const { return stride_; }

 private:
  friend class Quantizer;
  std::vector<std::uint8_t> bits_;
  std::size_t stride_ = 0;
};

// Thread-safe: immutable. Cheap to copy.
class Quantizer {
 public:
  // Errors: `invalid` (which part, and why).
  static Result<Quantizer> make(QuantizerParts parts);
  // No mean, no axis, the random rotation seeded by the model's digest, the same bits for every coordinate and the sign
  // plane hot. `dimensions` 1 to kMaxDimensions, `bits` 1 to kMaxBits.
  static Quantizer plain(std::string_view model_digest, std::uint32_t dimensions, std::uint8_t bits = 4);
  // What bytes() wrote. Errors: `corrupt`, `invalid` (a newer version).
  static Result<Quantizer> parse(std::span<const std::byte> bytes);

  // A versioned form without a checksum: its container has one. Drawn in quantizer_bytes.cpp.
  std::string bytes() const;
  // Hexadecimal SHA-256 of bytes(): codes of different digests cannot be mixed.
  std::string digest() const;

  const QuantizerParts& parts() const;
  std::uint32_t dimensions() const { return parts().dimensions; }
  std::size_t coordinates() const { return parts().bits.size(); }
  const CodeLayout& layout() const;
  std::size_t code_bytes() const { return layout().code_bytes(); }

  // `vector` has dimensions() finite numbers and unit length (a longer one than 2 is cut where a scale or the axis no
  // longer fits), `code` code_bytes(). The same on every machine. O(dimensions x coordinates).
  void encode(std::span<const float> vector, std::span<std::byte> code) const;
  // `query` has dimensions() finite numbers; one that is not finite, or too long for floats, is taken as zero.
  CodeQuery prepare(std::span<const float> query) const;

  // The estimate of <query, vector> by all bits. The same bits on every level of instructions.
  float similarity(const CodeQuery& query, std::span<const std::byte> code, Simd level = best_simd()) const;
  // In two steps, for a search that keeps the parts of codes apart: `hot` and `cold` are the code's, hot byte i at
  // hot[i x hot_stride].
  CodePlanes planes() const;
  void unpack(const std::uint8_t* hot, std::size_t hot_stride, const std::uint8_t* cold, CodePlanes& planes) const;
  float similarity(const CodeQuery& query, const CodePlanes& planes, std::uint16_t axis, std::uint16_t scale,
                   Simd level) const;

  // Code space, where clustering happens: the axis' coordinate, then r'; 1 + coordinates() numbers. Inner products and
  // distances there are those of the decoded vectors less the mean.
  std::size_t space() const { return 1 + coordinates(); }
  void to_space(std::span<const float> vector, std::span<float> point) const;
  void encode_point(std::span<const float> point, std::span<std::byte> code) const;
  void decode(std::span<const std::byte> code, std::span<float> point) const;
  // Back: the vector of a point, dimensions() numbers. What lies beyond the coordinates is lost.
  void to_vector(std::span<const float> point, std::span<float> vector) const;
  // `point` is the query's, without the mean taken away; `base` is added to every estimate.
  CodeQuery prepare_point(std::span<const float> point, float base) const;

 private:
  struct State;
  explicit Quantizer(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  void transform(std::span<const float> vector, std::span<float> point) const;
  std::shared_ptr<const State> state_;
};

}  // namespace renvoi::index
