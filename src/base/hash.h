// Hashes: SHA-256 for digests that must hold against people, its first eight bytes for fingerprints.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace renvoi {

using Sha256 = std::array<std::byte, 32>;

Sha256 sha256(std::span<const std::byte> bytes);
Sha256 sha256(std::string_view bytes);

// Of data that arrives in pieces. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void update(std::span<const std::byte> bytes);
  Sha256 finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Lower-case hexadecimal.
std::string to_hex(std::span<const std::byte> bytes);

// The first eight bytes of the SHA-256, little-endian: enough to tell whether a text has changed, stable on every
// machine.
std::uint64_t fingerprint(std::string_view bytes);

}  // namespace renvoi
