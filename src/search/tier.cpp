#include "search/tier.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace renvoi::search {

index::Identity first_tier_identity(const index::Identity& full, std::uint32_t table_checksum,
                                    std::uint32_t fitted_checksum) {
  index::Identity first = full;
  first.model_digest = to_hex(sha256(
      fmt::format("renvoi first tier\n{}\n{:08x}\n{:08x}\n", full.model_digest, table_checksum, fitted_checksum)));
  return first;
}

}  // namespace renvoi::search
