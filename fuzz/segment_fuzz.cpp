// rooms: index
// Any bytes as a segment, checksums passed over so that the fuzzer gets behind them: an error or answers, never a read
// outside the file; and what can be merged is a segment that can be opened again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "index/merge.h"
#include "index/segment.h"
#include "index/segment_v1.h"
#include "index/snapshot.h"

using namespace renvoi;
using namespace renvoi::index;

namespace {

constexpr std::uint32_t kDimensions = 16;

void ask(const Part& part, const std::string& bytes) {
  const auto snapshot = make_snapshot({part}, kDimensions);
  const std::vector<std::string> terms = {"t1", "t2", bytes.substr(0, 3)};
  const std::vector<float> query(kDimensions, 0.25F);
  for (const Hit& hit : snapshot->bm25(terms, 5)) (void)snapshot->bm25_of(terms, hit.passage);
  for (const Hit& hit : snapshot->semantic(query, 5)) (void)snapshot->record(hit.passage);
  const Accept odd = [](ReferenceId reference) { return to_number(reference) % 2 == 1; };
  (void)snapshot->semantic(query, 5, odd);
  (void)snapshot->bm25(terms, 5, odd);
  for (const ReferenceId reference : snapshot->references()) (void)snapshot->passages_of(reference);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Quantizers quantizers("00aa11bb", kDimensions);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (const auto old = convert_segment_v1(std::as_bytes(std::span(bytes)), "fuzz", quantizers)) {
    const auto converted = Segment::from_memory(*old, "fuzz", quantizers);
    if (!converted || !(*converted)->check()) std::abort();
  }
  (void)Segment::from_memory(bytes, "fuzz", quantizers);
  const auto segment = Segment::from_memory(bytes, "fuzz", quantizers, Segment::Checksums::ignore);
  if (!segment) return 0;
  const bool sound = (*segment)->check().ok();
  const Part part{*segment, std::make_shared<const LiveSet>(LiveSet::all(**segment)), 1};
  const auto merged = merge_parts({&part, 1}, quantizers.plain(), 4);
  if (merged && !merged->empty()) {
    const auto again = Segment::from_memory(*merged, "merged", quantizers);
    if (sound && (!again || !(*again)->check())) std::abort();
  }
  ask(part, bytes);
  return 0;
}
