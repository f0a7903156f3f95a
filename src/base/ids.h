// The numbers that name things across rooms.
#pragma once

#include <cstdint>

namespace renvoi {

// A source. Given by the catalogue, from 1, never used again. 0 means none.
enum class SourceId : std::uint32_t { none = 0 };
// A reference. Given by the catalogue, from 1, never used again. The index knows references by this number only.
enum class ReferenceId : std::uint32_t { none = 0 };

constexpr std::uint32_t to_number(SourceId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t to_number(ReferenceId id) { return static_cast<std::uint32_t>(id); }

}  // namespace renvoi
