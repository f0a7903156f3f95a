// Cells: passages that lie near one another, so that a search looks at the nearest cells only (inverted file).
//
// Pure functions over codes. Cells are kept rather than made anew: what joins goes to the nearest centroid; a cell that
// has grown too large is split, one that has become too small gives its passages to others, and after either the
// passages nearby are assigned again (LIRE, in SPFresh: SOSP 2023, arXiv 2410.14452; here all passages are checked
// against the neighbours of their cell). A merge of two clustered sets therefore starts from both sets' centroids.
// Which cell a passage is in decides only whether a search looks at it; its code is the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "index/quantizer.h"

namespace renvoi::index {

constexpr std::uint32_t kNoCell = 0xFFFFFFFF;

struct Cells {
  std::size_t space = 0;  // numbers in a point: Quantizer::space()
  // count() x space, in code space: the mean of a cell's passages, with its coordinate along the axis, on which queries
  // have most of their length.
  std::vector<float> centroids;
  std::vector<std::uint32_t> cell_of;  // of each passage; kNoCell only as an argument of join_cells
  std::size_t count() const { return space == 0 ? 0 : centroids.size() / space; }
  std::span<const float> centroid(std::size_t cell) const { return std::span(centroids).subspan(cell * space, space); }
};

struct CellOptions {
  std::size_t smallest = 48;  // passages in a cell, unless there are too few for one
  std::size_t target = 192;
  std::size_t largest = 384;
  std::size_t neighbours = 32;   // cells a passage may move to in one round
  std::size_t rounds = 4;        // of assigning again
  std::size_t coordinates = 96;  // the strongest, in which distances are taken; not the axis
  std::uint64_t seed = 1;
  // Asked some milliseconds of work apart. When it says false, the result is worth nothing: without cells.
  std::function<bool()> go_on{};
};

// Clusters `codes`, code_bytes() each. Deterministic. Takes 4 x coordinates bytes of memory a passage, and for a
// million some seconds (README).
Cells make_cells(const Quantizer& quantizer, std::span<const std::byte> codes, const CellOptions& options = {});

// The same for codes of which some are in cells already: start.cell_of has a cell, or kNoCell, for each. A cell without
// passages disappears. Afterwards every cell has at most `largest` passages.
Cells join_cells(const Quantizer& quantizer, std::span<const std::byte> codes, const Cells& start,
                 const CellOptions& options = {});

// One set after the other: first's passages and cells, then second's. A set without cells contributes kNoCell, for
// `second_passages` (or `first_passages`) passages. For join_cells.
Cells concatenate(const Cells& first, std::size_t first_passages, const Cells& second, std::size_t second_passages);

}  // namespace renvoi::index
