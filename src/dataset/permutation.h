// A pseudo-random order of 0 to n-1 of which any place can be told in O(1), without a table.
//
// A Feistel network over the next even power of two, walked until it lands inside (Black and Rogaway, "Ciphers with
// arbitrary finite domains", CT-RSA 2002). Not for secrets: for training orders that can be resumed anywhere.
#pragma once

#include <array>
#include <cstdint>

namespace renvoi::dataset {

// The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): one number well mixed.
std::uint64_t mix(std::uint64_t x);

class Permutation {
 public:
  // `size` at least 1. The same on every machine for the same size and key.
  Permutation(std::uint64_t size, std::uint64_t key);
  std::uint64_t at(std::uint64_t place) const;  // place < size

 private:
  std::uint64_t size_;
  unsigned half_bits_ = 1;
  std::array<std::uint64_t, 6> keys_;
};

}  // namespace renvoi::dataset
