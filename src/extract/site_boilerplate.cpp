#include "extract/site_boilerplate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <vector>

#include "base/hash.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr std::string_view kMagic = "site-boilerplate 1";

bool can_be_the_sites(const Block& block, std::uint32_t min_bytes) {
  const bool prose =
      block.kind == BlockKind::paragraph || block.kind == BlockKind::list_item || block.kind == BlockKind::quote;
  return prose && block.range.size() >= min_bytes;
}

std::uint64_t fingerprint_of(const Document& document, const Block& block) {
  return fingerprint(text::fold(text::slice(document.text, block.range)));
}

template <typename Number>
std::optional<Number> take_number(std::string_view& text, int base, char end) {
  Number value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || at == text.data() + text.size() || *at != end) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return value;
}

// Where a byte of the old text is in the new one: the beginning of what is left after it, when it was taken.
class Moves {
 public:
  void add(text::Range from, std::uint32_t to) { kept_.push_back({from, to}); }
  std::uint32_t operator()(std::uint32_t offset, std::uint32_t size) const {
    const auto next = at(offset);
    if (next == kept_.end()) return size;
    return next->to + (offset > next->from.begin ? offset - next->from.begin : 0);
  }

  // Of a range within one block; empty when that was taken.
  text::Range operator()(text::Range range) const {
    const auto block = at(range.begin);
    if (block == kept_.end() || range.begin < block->from.begin) return {};
    const std::uint32_t begin = block->to + (range.begin - block->from.begin);
    return {begin, begin + range.size()};
  }

 private:
  struct Kept {
    text::Range from;
    std::uint32_t to;
  };
  std::vector<Kept>::const_iterator at(std::uint32_t offset) const {
    return std::partition_point(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.from.end <= offset; });
  }
  std::vector<Kept> kept_;
};

}  // namespace

std::string SiteBoilerplate::state() const {
  std::string out = fmt::format("{}\n{}\n", kMagic, pages_);
  for (const auto& [block, pages] : blocks_) out += fmt::format("{:016x} {}\n", block, pages);
  return out;
}

Result<SiteBoilerplate> SiteBoilerplate::parse(std::string_view state, SiteBoilerplateOptions options) {
  const Error corrupt{ErrorCode::corrupt, "this is not what a site repeats, as SiteBoilerplate writes it"};
  if (!state.starts_with(kMagic) || state.size() <= kMagic.size() || state[kMagic.size()] != '\n') return corrupt;
  state.remove_prefix(kMagic.size() + 1);
  SiteBoilerplate made(options);
  const auto pages = take_number<std::uint32_t>(state, 10, '\n');
  if (!pages) return corrupt;
  made.pages_ = *pages;
  while (!state.empty()) {
    const auto block = take_number<std::uint64_t>(state, 16, ' ');
    const auto holders = block ? take_number<std::uint32_t>(state, 10, '\n') : std::nullopt;
    if (!holders || *holders == 0 || *holders > made.pages_) return corrupt;
    if (!made.blocks_.empty() && made.blocks_.rbegin()->first >= *block) return corrupt;
    made.blocks_.emplace_hint(made.blocks_.end(), *block, *holders);
  }
  if (made.blocks_.size() > options.max_blocks) return corrupt;
  return made;
}

void SiteBoilerplate::learn(const Document& document) {
  std::set<std::uint64_t> seen;
  for (const Block& block : document.blocks)
    if (seen.size() < options_.max_blocks && can_be_the_sites(block, options_.min_block_bytes))
      seen.insert(fingerprint_of(document, block));
  ++pages_;
  for (const std::uint64_t block : seen) ++blocks_[block];
  if (blocks_.size() > options_.max_blocks) forget();
}

// Down to half, so that it is seldom done: of equals, the larger fingerprints, which is arbitrary but the same
// everywhere.
void SiteBoilerplate::forget() {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> order;
  for (const auto& [block, pages] : blocks_) order.emplace_back(pages, ~block);
  const std::size_t kept = std::max<std::size_t>(1, options_.max_blocks / 2);
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(), std::greater<>());
  for (std::size_t i = kept; i < order.size(); ++i) blocks_.erase(~order[i].second);
}

bool SiteBoilerplate::is_the_sites(const Document& document, const Block& block) const {
  if (!can_be_the_sites(block, options_.min_block_bytes)) return false;
  const auto found = blocks_.find(fingerprint_of(document, block));
  return found != blocks_.end() && found->second >= 2 && found->second >= options_.min_share * pages_;
}

std::uint32_t SiteBoilerplate::take_out(Document& document) const {
  if (pages_ < options_.min_pages) return 0;
  std::vector<std::uint8_t> taken(document.blocks.size(), 0);
  std::uint32_t count = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < document.blocks.size(); ++i) {
    if (!is_the_sites(document, document.blocks[i])) continue;
    taken[i] = 1;
    ++count;
    bytes += document.blocks[i].range.size();
  }
  if (count == 0 || static_cast<double>(bytes) > options_.max_taken_share * static_cast<double>(document.text.size()))
    return 0;
  std::string text;
  std::vector<Block> blocks;
  Moves moves;
  bool gap = false;  // what stood between was taken: whole blocks apart, whatever joined them
  std::uint32_t end = 0;
  for (std::size_t i = 0; i < document.blocks.size(); ++i) {
    Block block = document.blocks[i];
    const std::string between = document.text.substr(end, block.range.begin - end);
    end = block.range.end;
    if (taken[i]) {
      gap = true;
      continue;
    }
    if (!text.empty()) text += gap ? "\n\n" : between;
    gap = false;
    const auto begin = static_cast<std::uint32_t>(text.size());
    text += text::slice(document.text, block.range);
    moves.add(block.range, begin);
    block.range = {begin, static_cast<std::uint32_t>(text.size())};
    blocks.push_back(block);
  }
  const auto size = static_cast<std::uint32_t>(text.size());
  for (Anchor& anchor : document.anchors) anchor.offset = moves(anchor.offset, size);
  for (LanguageRange& other : document.other_languages) {
    const std::uint32_t last = other.range.end == 0 ? 0 : other.range.end - 1;
    const std::uint32_t new_end = moves(last, size);
    other.range = {moves(other.range.begin, size), std::min(size, new_end + (new_end < size ? 1 : 0))};
  }
  std::erase_if(document.other_languages,
                [](const LanguageRange& other) { return other.range.begin >= other.range.end; });
  std::erase_if(document.anchors, [size](const Anchor& anchor) { return anchor.offset >= size; });
  document.elements.move_places(moves);
  document.text = std::move(text);
  document.blocks = std::move(blocks);
  return count;
}

}  // namespace renvoi::extract
