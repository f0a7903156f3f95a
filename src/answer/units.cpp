#include "answer/units.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "text/sentences.h"
#include "text/terms.h"

namespace renvoi::answer {
namespace {

using extract::Block;
using extract::BlockKind;

constexpr std::uint32_t kLongestListBytes = 1'200;
constexpr std::uint32_t kLongestIntroductionBytes = 300;
constexpr std::uint32_t kShortestSentenceBytes = 12;
constexpr std::size_t kMaxEncoded = 96;

// How much each sign counts: first guesses; bench/abstention.py tells how many quotes hold the answer.
constexpr float kCosineWeight = 5.0F;
constexpr float kHeldWeight = 0.6F;
constexpr float kSearchWeight = 0.6F;
constexpr float kOtherLanguagePenalty = 0.3F;
constexpr float kUnfinishedPenalty = 0.15F;

text::Range clip(text::Range range, text::Range to) {
  return {std::max(range.begin, to.begin), std::min(range.end, to.end)};
}

bool introduces(const std::string& text, text::Range range) {
  return range.size() <= kLongestIntroductionBytes && text[range.end - 1] == ':';
}

// Blocks of one passage, clipped to it. A passage without blocks (a long sentence that was cut) is one paragraph.
std::vector<Block> blocks_in(const extract::Document& document, text::Range passage) {
  std::vector<Block> found;
  auto block = std::lower_bound(document.blocks.begin(), document.blocks.end(), passage.begin,
                                [](const Block& one, std::uint32_t begin) { return one.range.end <= begin; });
  for (; block != document.blocks.end() && block->range.begin < passage.end; ++block) {
    const text::Range range = clip(block->range, passage);
    if (range.begin < range.end) found.push_back({block->kind, block->level, range});
  }
  if (found.empty() && passage.begin < passage.end) found.push_back({BlockKind::paragraph, 0, passage});
  return found;
}

void add_sentences(const extract::Document& document, const Block& block, Unit unit, std::vector<Unit>& out) {
  for (const text::Range& sentence : text::sentences(text::slice(document.text, block.range), document.language)) {
    if (sentence.size() < kShortestSentenceBytes) continue;
    unit.range = {block.range.begin + sentence.begin, block.range.begin + sentence.end};
    out.push_back(unit);
  }
}

// Items from `first` on, up to the end of the list or of what one quote may hold; gives the block after them.
std::size_t add_list(const extract::Document& document, const std::vector<Block>& blocks, std::size_t first, Unit unit,
                     std::vector<Unit>& out) {
  unit.is_list = true;
  unit.range = blocks[first].range;
  if (first > 0 && blocks[first - 1].kind == BlockKind::paragraph &&
      introduces(document.text, blocks[first - 1].range)) {
    unit.range.begin = blocks[first - 1].range.begin;
  }
  std::size_t next = first + 1;
  while (next < blocks.size() && blocks[next].kind == BlockKind::list_item &&
         blocks[next].range.end - unit.range.begin <= kLongestListBytes) {
    unit.range.end = blocks[next].range.end;
    ++next;
  }
  out.push_back(unit);
  return next;
}

void add_passage(const extract::Document& document, text::Range passage, const Unit& unit, std::vector<Unit>& out) {
  const std::vector<Block> blocks = blocks_in(document, passage);
  for (std::size_t i = 0; i < blocks.size();) {
    if (blocks[i].kind == BlockKind::list_item) {
      i = add_list(document, blocks, i, unit, out);
      continue;
    }
    const bool before_list = i + 1 < blocks.size() && blocks[i + 1].kind == BlockKind::list_item;
    if (blocks[i].kind == BlockKind::paragraph && before_list && introduces(document.text, blocks[i].range)) {
      ++i;  // quoted with its list
      continue;
    }
    if (blocks[i].kind == BlockKind::paragraph || blocks[i].kind == BlockKind::quote) {
      add_sentences(document, blocks[i], unit, out);
    } else if (blocks[i].kind != BlockKind::heading) {
      out.push_back({unit.document, unit.passage, blocks[i].range, false});
    }
    ++i;
  }
}

// A sentence that does not end (an icon stood there, or a table cut it) says little by itself.
bool ends(std::string_view text) {
  constexpr std::array<std::string_view, 9> kEnds = {".", "!", "?", ":", "…", "\"", "»", "”", ")"};
  return std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return text.ends_with(end); });
}

}  // namespace

std::string unit_input(const Evidence& evidence, const Unit& unit) {
  const extract::Document& document = evidence.documents[unit.document].document;
  std::string input = extract::heading_path_at(document, unit.range.begin);
  if (!input.empty()) input += '\n';
  input += text::slice(document.text, unit.range);
  return input;
}

std::vector<Unit> units(const Evidence& evidence) {
  std::vector<Unit> found;
  for (std::size_t d = 0; d < evidence.documents.size(); ++d) {
    const EvidenceDocument& document = evidence.documents[d];
    for (std::size_t p = 0; p < document.passages.size(); ++p) {
      add_passage(document.document, document.passages[p].passage.range, {d, p, {}, false}, found);
    }
  }
  return found;
}

Result<std::vector<ScoredUnit>> rank_units(const Evidence& evidence, const Question& question,
                                           const TermWeights& weights, model::Embedder& embedder,
                                           std::stop_token stop) {
  std::vector<ScoredUnit> ranked;
  std::vector<std::vector<std::string>> wanted;  // the question's terms in the language of each document
  for (const EvidenceDocument& document : evidence.documents) {
    wanted.push_back(text::terms(question.text, document.document.language));
  }
  for (const Unit& unit : units(evidence)) {
    const EvidenceDocument& document = evidence.documents[unit.document];
    const std::string& language = document.document.language;
    ScoredUnit scored{unit, {}, 0, 0, 0};
    scored.held = weights.share_held(wanted[unit.document], term_set(unit_input(evidence, unit), language));
    scored.score = kHeldWeight * scored.held + kSearchWeight * document.passages[unit.passage].search_score;
    if (language != question.language && language != "und" && question.language != "und") {
      scored.score -= kOtherLanguagePenalty;
    }
    if (!unit.is_list && !ends(text::slice(document.document.text, unit.range))) scored.score -= kUnfinishedPenalty;
    ranked.push_back(std::move(scored));
  }
  const auto better = [](const ScoredUnit& a, const ScoredUnit& b) { return a.score > b.score; };
  std::stable_sort(ranked.begin(), ranked.end(), better);
  ranked.resize(std::min(ranked.size(), kMaxEncoded));
  std::vector<std::string> inputs;
  for (const ScoredUnit& scored : ranked) inputs.push_back(unit_input(evidence, scored.unit));
  const std::vector<std::string_view> views(inputs.begin(), inputs.end());
  RENVOI_TRY(const model::Embeddings vectors, embedder.embed(views, model::EmbedRole::passage, {}, stop));
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    const std::span<const float> row = vectors.row(i);
    ranked[i].vector.assign(row.begin(), row.end());
    ranked[i].cosine = cosine(question.vector, row);
    ranked[i].score += kCosineWeight * ranked[i].cosine;
  }
  std::stable_sort(ranked.begin(), ranked.end(), better);
  return ranked;
}

}  // namespace renvoi::answer
