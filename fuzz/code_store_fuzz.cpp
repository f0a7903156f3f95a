// rooms: index
// Any bytes as a quantizer, then as the four sections of a code store: an error or answers, never a read outside them;
// and a quantizer that is read is written as it was.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "index/code_store.h"
#include "index/quantizers.h"

using namespace renvoi;
using namespace renvoi::index;

namespace {

void as_quantizer(std::span<const std::byte> bytes) {
  const auto quantizer = Quantizer::parse(bytes);
  if (!quantizer) return;
  const std::string again = quantizer->bytes();
  const auto parsed = Quantizer::parse(std::as_bytes(std::span(again)));
  if (!parsed || parsed->digest() != quantizer->digest()) std::abort();
  const std::vector<float> vector(quantizer->dimensions(), 0.1F);
  std::vector<std::byte> code(quantizer->code_bytes());
  quantizer->encode(vector, code);
  (void)quantizer->similarity(quantizer->prepare(vector), code);
  std::vector<std::byte> back(code.size());
  Recoder(*quantizer, *quantizer).recode(code, back);
}

// Two bytes say how many passages, six how the rest is cut into sections.
void as_store(std::span<const std::byte> bytes) {
  static const Quantizer quantizer = Quantizer::plain("00aa11bb", 8, 4);
  if (bytes.size() < 8) return;
  const auto number = [&](std::size_t at) {
    return std::to_integer<std::size_t>(bytes[at]) | std::to_integer<std::size_t>(bytes[at + 1]) << 8;
  };
  const std::size_t passages = number(0);
  const std::size_t cuts[] = {number(2), number(4), number(6)};
  bytes = bytes.subspan(8);
  CodeSectionViews views;
  std::span<const std::byte>* sections[] = {&views.scan, &views.rest, &views.order};
  for (std::size_t i = 0; i < 3; ++i) {
    // The first two have the right size when the bytes allow, or nothing would be opened.
    const std::size_t right = i == 0 ? (passages + 31) / 32 * (quantizer.layout().hot_bytes * 32 + 128)
                                     : passages * (quantizer.layout().cold_bytes + 2);
    const std::size_t size = std::min(bytes.size(), i < 2 && cuts[i] % 8 != 0 ? right : cuts[i]);
    *sections[i] = bytes.first(size);
    bytes = bytes.subspan(size);
  }
  views.cells = bytes;
  const auto store = CodeStore::open(quantizer, passages, views);
  if (!store) return;
  const CodeQuery query = quantizer.prepare(std::vector<float>(8, 0.3F));
  CodeSearch how;
  how.candidates = 3;
  how.least_scanned = 40;
  for (const Hit& hit : store->search(query, 3, how))
    if (hit.passage >= passages || store->similarity(query, hit.passage) != hit.score) std::abort();
  const Cells cells = store->cells_of();
  if (cells.count() > 0 && cells.cell_of.size() != passages) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto view = std::as_bytes(std::span(bytes));
  if (data[0] % 2 == 0)
    as_quantizer(view);
  else
    as_store(view);
  return 0;
}
