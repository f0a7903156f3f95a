#include "quality/draft.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "base/hash.h"
#include "crawl/reference_state.h"
#include "extract/extract.h"
#include "extract/passages.h"

namespace renvoi::quality {
namespace {

constexpr std::uint32_t kFewestPassageBytes = 120;  // a shorter one says little to ask about

std::string placeholder(const extract::Document& document, const extract::Passage& passage) {
  const std::string& about = passage.heading_path.empty() ? document.title : passage.heading_path;
  if (document.language == "fr") return "Que faut-il savoir de ceci : " + about + " ?";
  return "What is there to know about this: " + about + "?";
}

std::optional<extract::Document> read(const catalog::Reference& reference, search::Collection& collection,
                                      crawl::Fetcher& fetcher, const std::stop_token& stop) {
  const Result<catalog::Source> source = collection.catalog().source(reference.source);
  if (!source.ok()) return std::nullopt;
  const crawl::Observation seen = fetcher.fetch(crawl::request_for(reference, *source), stop);
  if (seen.outcome != crawl::Outcome::fetched || seen.noindex) return std::nullopt;
  Result<extract::Document> document = extract::extract(
      seen.body, {seen.content_type, reference.address.substr(0, reference.address.find('?')), seen.content_language});
  if (!document.ok() || document->noindex || document->text.empty()) return std::nullopt;
  return std::move(document).value();
}

Result<void> write(io::FileSystem& files, const std::filesystem::path& file, const std::string& text) {
  return files.replace(file, std::as_bytes(std::span(text)));
}

}  // namespace

Result<Draft> draft_questions(search::Collection& collection, crawl::Fetcher& fetcher, std::uint32_t questions,
                              std::stop_token stop) {
  RENVOI_TRY(std::vector<catalog::Reference> references, collection.catalog().references());
  std::erase_if(references, [](const catalog::Reference& reference) {
    return !reference.indexed || !crawl::may_be_shown(reference.state);
  });
  std::stable_sort(references.begin(), references.end(),
                   [](const auto& a, const auto& b) { return fingerprint(a.address) < fingerprint(b.address); });
  Draft draft;
  for (const catalog::Reference& reference : references) {
    if (draft.documents.size() == std::size_t{2} * questions) break;
    if (stop.stop_requested()) return Error{ErrorCode::unavailable, "the draft was interrupted"};
    const std::optional<extract::Document> document = read(reference, collection, fetcher, stop);
    if (!document) continue;
    draft.documents.push_back({reference.address, document->title, document->text});
    if (draft.questions.size() == questions) continue;
    std::vector<extract::Passage> passages = extract::passages(*document);
    std::erase_if(passages, [](const extract::Passage& one) { return one.range.size() < kFewestPassageBytes; });
    if (passages.empty()) continue;
    const extract::Passage& passage = passages[fingerprint(reference.address) % passages.size()];
    draft.questions.push_back({"q" + std::to_string(draft.questions.size() + 1), placeholder(*document, passage),
                               reference.address, std::string(text::slice(document->text, passage.range))});
  }
  if (draft.questions.empty())
    return Error{ErrorCode::not_found, "no document of the index could be read: add a source first"};
  return draft;
}

Result<void> write_draft(const Draft& draft, const std::filesystem::path& folder, io::FileSystem& files) {
  for (const char* name : {"corpus.jsonl", "queries.jsonl", "qrels.tsv"}) {
    if (files.exists(folder / name))
      return Error{ErrorCode::conflict, (folder / name).string() + " is there already: name another folder"};
  }
  RENVOI_CHECK(files.create_folders(folder));
  std::string corpus, queries, judgments = "query-id\tcorpus-id\tscore\n";
  for (const BeirDocument& document : draft.documents)
    corpus += nlohmann::json({{"_id", document.id}, {"title", document.title}, {"text", document.text}}).dump() + "\n";
  for (const DraftQuestion& question : draft.questions) {
    queries += nlohmann::json({{"_id", question.id}, {"text", question.text}, {"passage", question.passage}}).dump();
    queries += "\n";
    judgments += question.id + "\t" + question.document + "\t1\n";
  }
  RENVOI_CHECK(write(files, folder / "corpus.jsonl", corpus));
  RENVOI_CHECK(write(files, folder / "queries.jsonl", queries));
  return write(files, folder / "qrels.tsv", judgments);
}

}  // namespace renvoi::quality
