#include "quality/build.h"

#include <chrono>
#include <string_view>

#include "base/hash.h"
#include "base/utf8.h"
#include "ingest/ingest.h"
#include "text/language.h"

namespace renvoi::quality {
namespace {

constexpr std::size_t kMaxTitleBytes = 200;
constexpr std::size_t kDocumentsPerWrite = 256;

struct Prepared {
  extract::Document document;
  ingest::PreparedDocument parts;
  std::size_t first_row = 0;
};

// Paragraphs are separated by an empty line, as extract's are.
void add_paragraphs(const std::string& text, extract::Document& document) {
  std::size_t begin = 0;
  while ((begin = text.find_first_not_of(" \t\r\n", begin)) != std::string::npos) {
    std::size_t end = std::min(text.find("\n\n", begin), text.size());
    const std::size_t next = end;
    end = text.find_last_not_of(" \t\r\n", end - 1) + 1;
    if (!document.text.empty()) document.text += "\n\n";
    const auto start = static_cast<std::uint32_t>(document.text.size());
    document.text.append(text, begin, end - begin);
    document.blocks.push_back(
        {extract::BlockKind::paragraph, 0, {start, static_cast<std::uint32_t>(document.text.size())}});
    begin = next;
  }
}

catalog::Reference describe(const extract::Document& document, const BeirDocument& beir, SourceId source,
                            Timestamp now) {
  catalog::Reference reference;
  reference.source = source;
  reference.address = "beir:" + beir.id;
  reference.title = document.title;
  reference.language = document.language;
  reference.fingerprint = fingerprint(document.text);
  reference.text_bytes = document.text.size();
  reference.state_since = now;
  reference.checked_at = now;
  return reference;
}

Result<void> write(const BeirSet& set, std::size_t first, std::vector<Prepared>& prepared,
                   const model::Embeddings& embeddings, SourceId source, search::Collection& collection,
                   search::Tier tier, BuiltCorpus& built) {
  std::vector<search::Collection::DocumentWrite> writes;
  const Timestamp now = collection.clock().now();
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    const Prepared& one = prepared[i];
    if (one.parts.passages.empty()) continue;
    RENVOI_TRY(catalog::Reference reference,
               collection.catalog().add_reference(describe(one.document, set.documents[first + i], source, now), now));
    reference.indexed = true;
    reference.passages = static_cast<std::uint32_t>(one.parts.passages.size());
    built.document_of[to_number(reference.id)] = set.documents[first + i].id;
    built.text_bytes += one.document.text.size();
    built.passages += one.parts.passages.size();
    writes.push_back({reference, ingest::passage_inputs(one.parts, embeddings, one.first_row), "added"});
  }
  return collection.put(writes, tier);
}

}  // namespace

extract::Document as_document(const BeirDocument& beir) {
  extract::Document document;
  const std::string title = repair_utf8(beir.title);
  document.title = std::string(truncate_utf8(title, kMaxTitleBytes));
  add_paragraphs(repair_utf8(beir.text), document);
  document.language = text::detect_language(document.text);
  document.media_type = "text/plain";
  document.charset = "utf-8";
  return document;
}

Result<BuiltCorpus> build_corpus(const BeirSet& set, search::Collection& collection, model::Embedder& embedder,
                                 const std::function<void(std::size_t, std::size_t)>& on_progress, search::Tier tier) {
  BuiltCorpus built;
  catalog::Source corpus;
  corpus.kind = catalog::SourceKind::folder;
  corpus.address = "beir";
  RENVOI_TRY(const catalog::Source source, collection.catalog().add_source(corpus));
  for (std::size_t first = 0; first < set.documents.size(); first += kDocumentsPerWrite) {
    std::vector<Prepared> prepared;
    std::size_t rows = 0;
    for (std::size_t i = first; i < std::min(first + kDocumentsPerWrite, set.documents.size()); ++i) {
      extract::Document document = as_document(set.documents[i]);
      ingest::PreparedDocument parts = ingest::prepare(document);
      prepared.push_back({std::move(document), std::move(parts), rows});
      rows += prepared.back().parts.inputs.size();
    }
    std::vector<std::string_view> inputs;
    for (const Prepared& one : prepared) inputs.insert(inputs.end(), one.parts.inputs.begin(), one.parts.inputs.end());
    const auto start = std::chrono::steady_clock::now();
    RENVOI_TRY(const model::Embeddings embeddings, embedder.embed(inputs, model::EmbedRole::passage));
    built.encode_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    RENVOI_CHECK(write(set, first, prepared, embeddings, source.id, collection, tier, built));
    if (on_progress) on_progress(std::min(first + kDocumentsPerWrite, set.documents.size()), set.documents.size());
  }
  return built;
}

}  // namespace renvoi::quality
