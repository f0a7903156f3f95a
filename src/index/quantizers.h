// The quantizers of one collection: the plain one, which needs no data, and those fitted to the collection.
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

// Cheap to copy. Thread-safe: immutable but for add().
class Quantizers {
 public:
  // With the plain one, of eight bits a coordinate: nearly lossless, for what is in the log and for small collections.
  Quantizers(std::string_view model_digest, std::uint32_t dimensions);

  const NamedQuantizer& plain() const { return all_.front(); }
  // What new segments are written with: the one added last, or the plain one.
  const NamedQuantizer& current() const { return all_.back(); }
  bool fitted() const { return all_.size() > 1; }
  const NamedQuantizer* find(std::string_view digest) const;
  void add(NamedQuantizer quantizer) { all_.push_back(std::move(quantizer)); }
  std::uint32_t dimensions() const { return plain().quantizer.dimensions(); }

 private:
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
