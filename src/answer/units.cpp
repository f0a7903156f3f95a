#include "answer/units.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "answer/screen.h"
#include "answer/word_signs.h"
#include "text/sentences.h"
#include "text/terms.h"

namespace renvoi::answer {
namespace {

using extract::Block;
using extract::BlockKind;

constexpr std::uint32_t kLongestListBytes = 1'200;
constexpr std::uint32_t kLongestIntroductionBytes = 300;
constexpr std::uint32_t kShortestSentenceBytes = 12;
constexpr std::size_t kMaxEncoded = 64;     // under their headings
constexpr std::size_t kMaxReadInText = 24;  // of those, after what is before them

// Beside the signs of the unit, in their scale (unit_signs.h).
constexpr float kSearchWeight = 4.0F;  // of the passage's fused score: bench/fit_units.py knows one document only
constexpr float kOtherLanguagePenalty = 3.0F;
constexpr float kUnfinishedPenalty = 1.5F;

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

bool is_item(BlockKind kind) { return kind == BlockKind::list_item || kind == BlockKind::table_row; }

// Items or rows from `first` on, up to the end of the list, of the table or of what one quote may hold; gives the block
// after them.
std::size_t add_list(const extract::Document& document, const std::vector<Block>& blocks, std::size_t first, Unit unit,
                     std::vector<Unit>& out) {
  unit.is_list = true;
  unit.range = blocks[first].range;
  if (first > 0 && blocks[first - 1].kind == BlockKind::paragraph &&
      introduces(document.text, blocks[first - 1].range)) {
    unit.range.begin = blocks[first - 1].range.begin;
  }
  std::size_t next = first + 1;
  while (next < blocks.size() && blocks[next].kind == blocks[first].kind &&
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
    if (is_item(blocks[i].kind)) {
      i = add_list(document, blocks, i, unit, out);
      continue;
    }
    const bool before_list = i + 1 < blocks.size() && is_item(blocks[i + 1].kind);
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
  std::erase_if(found, [&](const Unit& unit) { return is_kept_out(evidence.documents[unit.document], unit.range); });
  return found;
}

std::string unit_in_text(const Evidence& evidence, std::span<const Unit> in_order, std::size_t i) {
  const Unit& unit = in_order[i];
  const extract::Document& document = evidence.documents[unit.document].document;
  const bool follows = i > 0 && in_order[i - 1].document == unit.document;
  std::string input = follows                  ? std::string(text::slice(document.text, in_order[i - 1].range)) + ' '
                      : document.title.empty() ? std::string()
                                               : document.title + '\n';
  return input += text::slice(document.text, unit.range);
}

Result<std::vector<ScoredUnit>> rank_units(const Evidence& evidence, const Question& question,
                                           const TermWeights& weights, model::Embedder& embedder,
                                           std::stop_token stop) {
  std::vector<Unit> found = units(evidence);
  std::stable_sort(found.begin(), found.end(), [](const Unit& a, const Unit& b) {
    return a.document != b.document ? a.document < b.document : a.range.begin < b.range.begin;
  });
  std::vector<UnitSigns> signs = word_signs(evidence, found, question, weights);
  struct Candidate {
    std::size_t unit = 0;
    float beside = 0;  // what counts beside the signs
    float score = 0;
  };
  std::vector<Candidate> ranked;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const EvidenceDocument& document = evidence.documents[found[i].document];
    const std::string& language = document.document.language;
    Candidate candidate{i, kSearchWeight * document.passages[found[i].passage].search_score, 0};
    if (language != question.language && language != "und" && question.language != "und")
      candidate.beside -= kOtherLanguagePenalty;
    if (!found[i].is_list && !ends(text::slice(document.document.text, found[i].range)))
      candidate.beside -= kUnfinishedPenalty;
    ranked.push_back(candidate);
  }
  const auto sort = [&] {
    for (Candidate& candidate : ranked) candidate.score = candidate.beside + score_of(signs[candidate.unit]);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  };
  const auto embed = [&](std::size_t most, const auto& input_of) -> Result<model::Embeddings> {
    std::vector<std::string> inputs;
    for (std::size_t i = 0; i < std::min(ranked.size(), most); ++i) inputs.push_back(input_of(ranked[i].unit));
    const std::vector<std::string_view> views(inputs.begin(), inputs.end());
    return embedder.embed(views, model::EmbedRole::passage, {}, stop);
  };
  sort();
  ranked.resize(std::min(ranked.size(), kMaxEncoded));
  RENVOI_TRY(const model::Embeddings alone,
             embed(kMaxEncoded, [&](std::size_t unit) { return unit_input(evidence, found[unit]); }));
  std::vector<std::size_t> row_of(found.size());
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    row_of[ranked[i].unit] = i;
    const float near = cosine(question.vector, alone.row(i));
    signs[ranked[i].unit][Sign::cosine] = signs[ranked[i].unit][Sign::cosine_in_text] = near;
  }
  sort();
  RENVOI_TRY(const model::Embeddings in_text,
             embed(kMaxReadInText, [&](std::size_t unit) { return unit_in_text(evidence, found, unit); }));
  for (std::size_t i = 0; i < in_text.rows(); ++i)
    signs[ranked[i].unit][Sign::cosine_in_text] = cosine(question.vector, in_text.row(i));
  sort();
  std::vector<ScoredUnit> scored;
  for (const Candidate& candidate : ranked) {
    const std::span<const float> row = alone.row(row_of[candidate.unit]);
    const UnitSigns& own = signs[candidate.unit];
    scored.push_back({found[candidate.unit],
                      {row.begin(), row.end()},
                      own[Sign::cosine],
                      own[Sign::held_headed],
                      candidate.score,
                      own});
  }
  return scored;
}

}  // namespace renvoi::answer
