#include "search/tier.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace renvoi::search {
namespace {

class FixedTables final : public TierTables {
 public:
  explicit FixedTables(std::shared_ptr<const TierTable> table) : table_(std::move(table)) {}
  std::shared_ptr<const TierTable> newest() override { return table_; }
  std::shared_ptr<const TierTable> find(std::string_view digest) override {
    return table_ != nullptr && table_->identity.model_digest == digest ? table_ : nullptr;
  }
  void tidy(std::string_view) override {}

 private:
  const std::shared_ptr<const TierTable> table_;
};

}  // namespace

std::shared_ptr<TierTables> fixed_tables(const std::optional<index::Identity>& identity,
                                         std::shared_ptr<model::Embedder> embedder,
                                         std::optional<float> held_out_cosine) {
  if (!identity) return std::make_shared<FixedTables>(nullptr);
  return std::make_shared<FixedTables>(
      std::make_shared<const TierTable>(TierTable{*identity, std::move(embedder), held_out_cosine}));
}

index::Identity first_tier_identity(const index::Identity& full, std::uint32_t table_checksum,
                                    std::uint32_t fitted_checksum) {
  index::Identity first = full;
  first.model_digest = to_hex(sha256(
      fmt::format("renvoi first tier\n{}\n{:08x}\n{:08x}\n", full.model_digest, table_checksum, fitted_checksum)));
  return first;
}

}  // namespace renvoi::search
