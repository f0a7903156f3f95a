// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720, appendix B.4): the checksum of every block on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace renvoi::io {

// By the processor's instruction where it has one (SSE4.2), else by tables; the same value. `previous` continues over
// data in pieces: crc32c(b, crc32c(a)) is that of a and b in a row.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t previous = 0);
std::uint32_t crc32c(std::string_view bytes, std::uint32_t previous = 0);

// By tables, on every machine: what the fast one is held against.
std::uint32_t crc32c_portable(std::span<const std::byte> bytes, std::uint32_t previous = 0);

}  // namespace renvoi::io
