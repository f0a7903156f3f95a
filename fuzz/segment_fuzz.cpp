// rooms: index
// Any bytes as a segment, checksums passed over so that the fuzzer gets behind them: an error or answers, never a read
// outside the file; and what can be merged is a segment that can be opened again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "index/codes.h"
#include "index/part.h"
#include "index/segment.h"
#include "index/snapshot.h"

using namespace renvoi;
using namespace renvoi::index;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto codec = std::make_shared<const Codec>("00aa11bb", 16);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)Segment::from_memory(bytes, "fuzz", codec->code_bytes());
  const auto segment = Segment::from_memory(bytes, "fuzz", codec->code_bytes(), Segment::Checksums::ignore);
  if (!segment) return 0;
  const bool sound = (*segment)->check().ok();
  Part part{*segment, std::make_shared<const LiveSet>(LiveSet::all(**segment)), 1};
  const auto merged = merge_parts({&part, 1}, 16, codec->code_bytes());
  if (merged && !merged->empty()) {
    const auto again = Segment::from_memory(*merged, "merged", codec->code_bytes());
    if (sound && (!again || !(*again)->check())) std::abort();
  }
  const auto snapshot = make_snapshot({part}, codec);
  const std::vector<std::string> terms = {"t1", "t2", bytes.substr(0, 3)};
  const std::vector<float> query(16, 0.25F);
  for (const Hit& hit : snapshot->bm25(terms, 5)) (void)snapshot->bm25_of(terms, hit.passage);
  for (const Hit& hit : snapshot->semantic(query, 5)) (void)snapshot->record(hit.passage);
  for (const ReferenceId reference : snapshot->references()) (void)snapshot->passages_of(reference);
  return 0;
}
