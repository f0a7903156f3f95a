// A collection of a BEIR corpus, by the product's own path: document, passages, terms, vectors, Collection::put.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "extract/document.h"
#include "model/embedder.h"
#include "quality/beir.h"
#include "search/collection.h"

namespace renvoi::quality {

struct BuiltCorpus {
  std::unordered_map<std::uint32_t, std::string> document_of;  // by reference number
  std::uint64_t passages = 0;
  std::uint64_t text_bytes = 0;
  double encode_seconds = 0;
};

// The document as extraction would give it: title, and paragraphs as blocks. Documents without any text are left out.
extract::Document as_document(const BeirDocument& beir);

// Writes every document of `set` to `tier`. `on_progress` counts passages. Errors: those of the embedder and of the
// collection.
Result<BuiltCorpus> build_corpus(const BeirSet& set, search::Collection& collection, model::Embedder& embedder,
                                 const std::function<void(std::size_t done, std::size_t all)>& on_progress = {},
                                 search::Tier tier = search::Tier::full);

}  // namespace renvoi::quality
