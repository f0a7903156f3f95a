// What a changed document has kept: a passage for which the encoder would be given what it was given before keeps its
// code, and only the others are encoded (docs/decisions/0012).
//
// Codes are taken when the document is read, before the first tier drives its old version out of the full one. They are
// true of their input whatever becomes of the document meanwhile.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "index/index.h"
#include "ingest/ingest.h"

namespace renvoi::ingest {

// By passage; empty when none has one.
using KeptCodes = std::vector<std::optional<index::StoredCode>>;

// Those that `full`, a full tier, holds of passages of `reference` with the same headings above them and the same text.
// Bytes that turn out to be damaged are not kept.
KeptCodes kept_codes(const index::Snapshot& full, ReferenceId reference, const PreparedDocument& prepared);

// Numbers of the passages without a code, in order: `embeddings` of passage_inputs() has a row for each of them.
std::vector<std::size_t> to_encode(const PreparedDocument& prepared, const KeptCodes& kept);
// As ingest.h's. `kept` must outlive them too.
std::vector<index::PassageInput> passage_inputs(const PreparedDocument& prepared, const KeptCodes& kept,
                                                const model::Embeddings& embeddings, std::size_t first_row);

}  // namespace renvoi::ingest
