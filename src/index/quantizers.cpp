#include "index/quantizers.h"

namespace renvoi::index {

Quantizers::Quantizers(std::string_view model_digest, std::uint32_t dimensions) {
  for (const std::uint8_t bits : {std::uint8_t{kMaxBits}, kSmallBits})
    add(NamedQuantizer::of(Quantizer::plain(model_digest, dimensions, bits)));
}

const NamedQuantizer* Quantizers::find(std::string_view digest) const {
  for (const NamedQuantizer& named : all_)
    if (named.digest == digest) return &named;
  return nullptr;
}

NamedQuantizer NamedQuantizer::of(Quantizer quantizer) {
  std::string digest = quantizer.digest();
  return {std::move(quantizer), std::move(digest)};
}

Recoder::Recoder(const Quantizer& from, const Quantizer& to)
    : from_(from), to_(to), point_(from.space()), vector_(from.dimensions()) {}

void Recoder::recode(std::span<const std::byte> code, std::span<std::byte> out) {
  from_.decode(code, point_);
  from_.to_vector(point_, vector_);
  to_.encode(vector_, out);
}

}  // namespace renvoi::index
