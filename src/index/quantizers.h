// The quantizers of one collection: two plain ones, which need no data, and those fitted to the collection.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index/quantizer.h"

namespace renvoi::index {

struct NamedQuantizer {
  Quantizer quantizer;
  std::string digest;  // quantizer.digest()
  static NamedQuantizer of(Quantizer quantizer);
};

constexpr std::uint8_t kSmallBits = 6;

// Cheap to copy. Thread-safe: immutable but for add().
class Quantizers {
 public:
  // With the two plain ones.
  Quantizers(std::string_view model_digest, std::uint32_t dimensions);

  // Of eight bits a coordinate: nearly lossless, for what is in the log and will be coded again.
  const NamedQuantizer& plain() const { return all_.front(); }
  // What new segments are written with: the one added last; before there is one, the plain one of kSmallBits, which a
  // small collection keeps (docs/decisions/0005-codes.md says what they lose).
  const NamedQuantizer& current() const { return all_.back(); }
  bool fitted() const { return all_.size() > kPlainOnes; }
  const NamedQuantizer* find(std::string_view digest) const;
  std::span<const NamedQuantizer> all() const { return all_; }
  void add(NamedQuantizer quantizer) { all_.push_back(std::move(quantizer)); }
  std::uint32_t dimensions() const { return plain().quantizer.dimensions(); }

 private:
  static constexpr std::size_t kPlainOnes = 2;
  std::vector<NamedQuantizer> all_;
};

// A code of one quantizer as one of another: decoded and encoded. Not thread-safe: keeps room for vectors.
class Recoder {
 public:
  Recoder(const Quantizer& from, const Quantizer& to);
  void recode(std::span<const std::byte> code, std::span<std::byte> out);

 private:
  Quantizer from_;
  Quantizer to_;
  std::vector<float> point_;
  std::vector<float> vector_;
};

}  // namespace renvoi::index
