// rooms: index
// Any bytes as a log, as a batch inside one (the checksums made right), and as a manifest: an error or a whole answer.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "index/batch.h"
#include "index/log.h"
#include "index/manifest.h"
#include "index/segment.h"
#include "io/bytes.h"
#include "io/crc32c.h"

using namespace renvoi;
using namespace renvoi::index;

namespace {

const Quantizers& quantizers() {
  static const Quantizers shared("00aa11bb", 16);
  return shared;
}

void as_log(const std::string& bytes) {
  const auto log = read_log(bytes, "fuzz", 1, 0);
  if (!log) return;
  if (log->whole_bytes > bytes.size() || log->last_sequence != log->batches.size()) std::abort();
  // What is kept is a log of its own, with the same batches.
  const auto again = read_log(std::string_view(bytes).substr(0, log->whole_bytes), "fuzz", 1, 0);
  if (!again || again->batches != log->batches) std::abort();
}

void as_batch(const std::string& bytes) {
  Changes changes;
  if (!read_batch(bytes, quantizers(), changes)) return;
  for (const NamedQuantizer& quantizer : quantizers().all()) {
    const auto segment = segment_of(changes, quantizer);
    if (!segment) std::abort();  // what read_batch lets pass can be indexed
    if (segment->empty()) continue;
    const auto opened = Segment::from_memory(*segment, "fuzz", quantizers());
    if (!opened || !(*opened)->check()) std::abort();
  }
}

void as_manifest(std::string bytes) {
  io::ByteWriter crc;
  crc.u32(io::crc32c(bytes));
  bytes += crc.str();
  const auto manifest = read_manifest(bytes, "fuzz");
  if (!manifest) return;
  const auto again = read_manifest(to_bytes(*manifest), "fuzz");
  if (!again || again->segments.size() != manifest->segments.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) as_log(bytes);
  if (data[0] % 3 == 1) as_batch(bytes);
  if (data[0] % 3 == 2) as_manifest(bytes);
  return 0;
}
