// rooms: index
// Any bytes as a list of postings: an error or passages that rise and stay in range, the same with and without vector
// instructions, never a read outside the bytes; and a search over it ends.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "index/block_max_search.h"

using namespace renvoi::index;

namespace {

std::vector<std::uint32_t> walk(std::string_view list, std::uint32_t postings, std::uint32_t passages, Kernel kernel) {
  BlockCursor cursor(list, postings, passages, kernel);
  std::vector<std::uint32_t> seen;
  while (!cursor.at_end()) {
    const std::uint32_t passage = cursor.passage();
    const std::uint8_t frequency = cursor.frequency();
    if (cursor.failed()) break;
    if (passage >= passages || frequency < 1 || frequency > kMaxFrequency) std::abort();
    if (!seen.empty() && passage <= seen[seen.size() - 2]) std::abort();
    seen.push_back(passage);
    seen.push_back(frequency);
    cursor.next();
  }
  if (!cursor.failed() && seen.size() != 2 * std::size_t{postings}) std::abort();
  return seen;
}

}  // namespace

// The first four bytes: how many postings (of 16 bits) and how many passages (of 13 bits).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  std::array<std::uint16_t, 2> numbers{};
  std::memcpy(numbers.data(), data, 4);
  const std::uint32_t postings = numbers[0];
  const std::uint32_t passages = numbers[1] % 8'192;
  const std::vector<char> bytes(data + 4, data + size);  // of exactly that size
  const std::string_view list(bytes.data(), bytes.size());
  if (walk(list, postings, passages, Kernel::portable) != walk(list, postings, passages, best_kernel())) std::abort();

  std::vector<std::uint8_t> lengths(passages);
  for (std::uint32_t i = 0; i < passages; ++i) lengths[i] = static_cast<std::uint8_t>(20 + i % 100);
  const bool sound = check_posting_list(list, postings, lengths).ok();
  std::vector<Posting> other;
  for (std::uint32_t i = 0; i < passages; i += 7) other.push_back({i, 1 + i % 3});
  renvoi::io::ByteWriter out;
  PostingBlockWriter(lengths).write(out, other);
  const std::vector<BlockMaxTerm> terms = {{list, postings, 2.0F},
                                           {out.str(), static_cast<std::uint32_t>(other.size()), 1.0F}};
  const Bm25Curve curve = Bm25Curve::make({}, 60).value();
  const auto hits = block_max_top_k(terms, 10, {lengths, {}}, curve);
  if (!hits.ok()) return 0;
  for (const Hit& hit : *hits) {
    if (hit.passage >= passages) std::abort();
    const auto score = block_score_of(terms, hit.passage, {lengths, {}}, curve);
    if (sound && score.value() != hit.score) std::abort();
  }
  return 0;
}
