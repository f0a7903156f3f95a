// The AVX2 forms of bit_packing's functions; for bit_packing.cpp only. On other machines they must not be called.
#pragma once

#include "index/bit_packing.h"

namespace renvoi::index {

constexpr unsigned kMaxShuffledWidth = 25;  // 7 bits of shift and 25 of number make the 32 of a lane

bool avx2_supported();
bool find_ones_avx2(std::string_view bytes, std::size_t from, unsigned count, std::uint32_t* places);
void unpack_chunk_avx2(const char* bytes, unsigned width, std::uint32_t* values);
bool join_gaps_avx2(const char* lows, const ChunkWidths& widths, unsigned count, const std::uint32_t* places,
                    std::uint32_t first_place, std::uint32_t before, std::uint32_t* passages);

}  // namespace renvoi::index
