#include "ingest/fit_sample.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "io/bytes.h"
#include "io/crc32c.h"
#include "model/static_table_file.h"

namespace renvoi::ingest {
namespace {

constexpr std::string_view kMagic = "RNVOISMP";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kDigestBytes = 64;
constexpr std::size_t kHeaderBytes = 8 + 4 + 4 + kDigestBytes + 4 + 4;
constexpr std::size_t kCrcBytes = 4;

// MurmurHash3's finalizer (Appleby 2011), which has one value for each: another order than choose_held_out goes by, so
// that a full sample has its share of passages to hold out.
std::uint64_t order_of(std::uint64_t fingerprint) {
  fingerprint ^= fingerprint >> 33;
  fingerprint *= 0xFF51AFD7ED558CCDU;
  fingerprint ^= fingerprint >> 33;
  fingerprint *= 0xC4CEB9FE1A85EC53U;
  return fingerprint ^ (fingerprint >> 33);
}

Error corrupt(const char* what) {
  return {ErrorCode::corrupt, std::string("the sample of encoded passages is damaged (") + what + ")"};
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Result<model::TokenBag> read_bag(io::ByteReader& reader) {
  const std::uint32_t distinct = reader.varint32();
  if (!reader.ok() || distinct > reader.remaining() / 2) return corrupt("a number of tokens");
  model::TokenBag bag;
  bag.reserve(distinct);
  std::uint64_t token = 0;
  for (std::uint32_t i = 0; i < distinct; ++i) {
    const std::uint64_t step = reader.varint32();
    const std::uint32_t count = reader.varint32();
    if (!reader.ok() || count == 0 || (i > 0 && step == 0)) return corrupt("a token");
    token += step;
    if (token >= model::kMaxTableRows) return corrupt("a token");
    bag.push_back({static_cast<std::uint32_t>(token), count});
  }
  return bag;
}

Result<void> check_sample_bytes(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes + kCrcBytes || !bytes.starts_with(kMagic)) return corrupt("its beginning");
  io::ByteReader crc(bytes.substr(bytes.size() - kCrcBytes));
  if (crc.u32() != io::crc32c(as_bytes(bytes.substr(0, bytes.size() - kCrcBytes)))) return corrupt("its checksum");
  return {};
}

}  // namespace

bool FitSample::wants(std::uint64_t fingerprint) const {
  const std::uint64_t order = order_of(fingerprint);
  if (passages_.contains(order)) return false;
  return passages_.size() < max_passages_ || (!passages_.empty() && order < passages_.rbegin()->first);
}

void FitSample::take(ReferenceId reference, std::uint64_t fingerprint, model::TokenBag bag,
                     std::span<const float> vector) {
  if (!wants(fingerprint)) return;
  SampledPassage passage{reference, fingerprint, false, std::move(bag), 0, {}};
  float largest = 0;
  for (const float x : vector) largest = std::max(largest, std::abs(x));
  if (!std::isfinite(largest)) return;
  passage.scale = largest / 127;
  passage.vector.reserve(vector.size());
  for (const float x : vector)
    passage.vector.push_back(passage.scale > 0 ? static_cast<std::int8_t>(std::lround(x / passage.scale)) : 0);
  passages_.emplace(order_of(fingerprint), std::move(passage));
  if (passages_.size() <= max_passages_) return;
  if (passages_.rbegin()->second.fitted) ++left_;
  passages_.erase(std::prev(passages_.end()));
}

std::size_t FitSample::erase_if(const std::function<bool(const SampledPassage&)>& leaves) {
  return std::erase_if(passages_, [&](const auto& entry) {
    if (!leaves(entry.second)) return false;
    if (entry.second.fitted) ++left_;
    return true;
  });
}

std::size_t FitSample::changes() const {
  return left_ + static_cast<std::size_t>(std::count_if(passages_.begin(), passages_.end(),
                                                        [](const auto& entry) { return !entry.second.fitted; }));
}

void FitSample::mark_fitted(std::span<const std::uint64_t> fingerprints) {
  for (const std::uint64_t fingerprint : fingerprints)
    if (const auto found = passages_.find(order_of(fingerprint)); found != passages_.end()) found->second.fitted = true;
  left_ = 0;
}

FitSample::Passages FitSample::passages() const {
  Passages all;
  all.vectors.reserve(passages_.size() * dimensions_);
  for (const auto& [order, passage] : passages_) {
    all.bags.push_back(passage.bag);
    all.keys.push_back(passage.fingerprint);
    for (const std::int8_t x : passage.vector) all.vectors.push_back(passage.scale * static_cast<float>(x));
  }
  return all;
}

std::string FitSample::bytes() const {
  io::ByteWriter out;
  out.append(kMagic);
  out.u32(kVersion);
  out.u32(dimensions_);
  std::string digest = model_digest_;
  digest.resize(kDigestBytes, '\0');
  out.append(digest);
  out.u32(static_cast<std::uint32_t>(passages_.size()));
  out.u32(left_);
  for (const auto& [order, passage] : passages_) {
    out.u64(passage.fingerprint);
    out.u32(to_number(passage.reference));
    out.u8(passage.fitted ? 1 : 0);
    out.u32(std::bit_cast<std::uint32_t>(passage.scale));
    out.append(std::as_bytes(std::span(passage.vector)));
    out.varint(passage.bag.size());
    std::uint32_t before = 0;
    for (const auto& [token, count] : passage.bag) {
      out.varint(token - before);
      out.varint(count);
      before = token;
    }
  }
  out.u32(io::crc32c(out.str()));
  return out.take();
}

Result<FitSample> FitSample::read(std::string_view bytes, std::uint32_t dimensions, const std::string& model_digest,
                                  std::uint32_t max_passages) {
  RENVOI_CHECK(check_sample_bytes(bytes));
  io::ByteReader reader(bytes.substr(0, bytes.size() - kCrcBytes));
  reader.view(kMagic.size());
  if (reader.u32() != kVersion)
    return Error{ErrorCode::invalid, "the sample of encoded passages is of another version of the format"};
  const std::uint32_t width = reader.u32();
  std::string digest(reader.view(kDigestBytes));
  digest.resize(std::min(digest.find('\0'), kDigestBytes));
  if (width != dimensions || digest != model_digest)
    return Error{ErrorCode::conflict, "the sample of encoded passages is of another embedding model"};
  const std::uint32_t count = reader.u32();
  FitSample sample(dimensions, model_digest, max_passages);
  sample.left_ = reader.u32();
  for (std::uint32_t i = 0; i < count; ++i) {
    SampledPassage passage;
    passage.fingerprint = reader.u64();
    passage.reference = static_cast<ReferenceId>(reader.u32());
    const std::uint8_t fitted = reader.u8();
    passage.fitted = fitted == 1;
    passage.scale = std::bit_cast<float>(reader.u32());
    const std::string_view row = reader.view(dimensions);
    if (!reader.ok() || fitted > 1) return corrupt("a passage");
    if (!(passage.scale >= 0) || !std::isfinite(passage.scale)) return corrupt("a number that is not finite");
    passage.vector.assign(row.begin(), row.end());
    RENVOI_TRY(passage.bag, read_bag(reader));
    const std::uint64_t order = order_of(passage.fingerprint);
    if (!sample.passages_.empty() && sample.passages_.rbegin()->first >= order) return corrupt("the order of passages");
    // Of a program that keeps more: those that this one would have kept.
    if (sample.passages_.size() < max_passages) sample.passages_.emplace(order, std::move(passage));
  }
  if (!reader.at_end()) return corrupt("its length");
  return sample;
}

}  // namespace renvoi::ingest
