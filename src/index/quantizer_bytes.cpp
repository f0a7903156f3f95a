// The bytes of a quantizer, little-endian:
//
//   "RNVOIQTZ"  u32 version  u32 dimensions  u32 coordinates  u32 parts (1 mean, 2 axis, 4 basis)  f32 typical length
//   seed (varint length, bytes)  f32 mean[dimensions]  f32 axis[dimensions]  f32 basis[coordinates][dimensions]
//   u8 bits[coordinates]  u8 hot bits[coordinates]  f32 steps[coordinates]  f32 hot steps[coordinates]
//   f32 weights[coordinates]
//
// mean, axis and basis only where `parts` has their bit; the seed is empty where there is a basis.
#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "index/quantizer.h"
#include "io/bytes.h"

namespace renvoi::index {
namespace {

constexpr std::string_view kMagic = "RNVOIQTZ";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kHasMean = 1;
constexpr std::uint32_t kHasAxis = 2;
constexpr std::uint32_t kHasBasis = 4;

Error corrupt(std::string_view what) {
  return {ErrorCode::corrupt,
          fmt::format("the model's quantizer is damaged ({}); restore the index from a copy, or build it again", what)};
}

void write_floats(io::ByteWriter& out, std::span<const float> values) { out.append(std::as_bytes(values)); }

// Checks the size before it takes the memory.
bool read_floats(io::ByteReader& in, std::size_t count, std::vector<float>& values) {
  const std::string_view bytes = in.view(count * sizeof(float));
  if (!in.ok()) return false;
  values.resize(count);
  if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  return true;
}

bool read_bytes(io::ByteReader& in, std::size_t count, std::vector<std::uint8_t>& values) {
  const std::string_view bytes = in.view(count);
  values.assign(bytes.begin(), bytes.end());
  return in.ok();
}

}  // namespace

std::string Quantizer::bytes() const {
  const QuantizerParts& made = parts();
  io::ByteWriter out;
  out.append(kMagic);
  out.u32(kVersion);
  out.u32(made.dimensions);
  out.u32(static_cast<std::uint32_t>(made.bits.size()));
  out.u32((made.mean.empty() ? 0 : kHasMean) | (made.axis.empty() ? 0 : kHasAxis) |
          (made.basis.empty() ? 0 : kHasBasis));
  out.u32(std::bit_cast<std::uint32_t>(made.typical_length));
  out.text(made.basis.empty() ? std::string_view(made.rotation_seed) : std::string_view());
  write_floats(out, made.mean);
  write_floats(out, made.axis);
  write_floats(out, made.basis);
  out.append(std::as_bytes(std::span(made.bits)));
  out.append(std::as_bytes(std::span(made.hot_bits)));
  write_floats(out, made.steps);
  write_floats(out, made.hot_steps);
  write_floats(out, made.weights);
  return out.take();
}

Result<Quantizer> Quantizer::parse(std::span<const std::byte> bytes) {
  io::ByteReader in(bytes);
  if (in.view(kMagic.size()) != kMagic) return corrupt("it does not begin as one");
  const std::uint32_t version = in.u32();
  if (in.ok() && version > kVersion)
    return Error{ErrorCode::invalid,
                 fmt::format("the model's quantizer has format version {}, this program knows {}; use "
                             "the renvoi that wrote it, or build the index again",
                             version, kVersion)};
  QuantizerParts made;
  made.dimensions = in.u32();
  const std::uint32_t coordinates = in.u32();
  const std::uint32_t flags = in.u32();
  made.typical_length = std::bit_cast<float>(in.u32());
  if (!in.ok() || version != kVersion || made.dimensions > kMaxDimensions || coordinates > made.dimensions ||
      flags > (kHasMean | kHasAxis | kHasBasis))
    return corrupt("its description");
  made.rotation_seed = in.text();
  const std::size_t dimensions = made.dimensions;
  const bool read = read_floats(in, (flags & kHasMean) != 0 ? dimensions : 0, made.mean) &&
                    read_floats(in, (flags & kHasAxis) != 0 ? dimensions : 0, made.axis) &&
                    read_floats(in, (flags & kHasBasis) != 0 ? coordinates * dimensions : 0, made.basis) &&
                    read_bytes(in, coordinates, made.bits) && read_bytes(in, coordinates, made.hot_bits) &&
                    read_floats(in, coordinates, made.steps) && read_floats(in, coordinates, made.hot_steps) &&
                    read_floats(in, coordinates, made.weights);
  if (!read || !in.at_end()) return corrupt("its size");
  Result<Quantizer> quantizer = make(std::move(made));
  if (!quantizer.ok()) return corrupt(quantizer.error().message);
  return quantizer;
}

}  // namespace renvoi::index
