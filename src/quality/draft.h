// A first draft of an evaluation folder from somebody's own index: documents, and questions for people to correct.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "crawl/fetcher.h"
#include "io/file_system.h"
#include "quality/beir.h"
#include "search/collection.h"

namespace renvoi::quality {

struct DraftQuestion {
  std::string id;
  std::string text;      // made of the title and the headings: a placeholder in the right place
  std::string document;  // that answers it
  std::string passage;   // what it should be about, to write the question by
};
struct Draft {
  std::vector<BeirDocument> documents;
  std::vector<DraftQuestion> questions;
};

// One question for each of `questions` documents of the index, chosen by the hash of their addresses; each is read
// again now (politely), and passed over when it cannot be. As many documents again come without a question, so that
// there is something to confuse them with. Errors: `not_found` (nothing could be read), those of the catalogue,
// `unavailable` when stopped.
Result<Draft> draft_questions(search::Collection& collection, crawl::Fetcher& fetcher, std::uint32_t questions,
                              std::stop_token stop = {});

// corpus.jsonl, queries.jsonl (with `passage`, which nothing reads), qrels.tsv. Errors: `conflict` when one of them is
// there, those of the file system.
Result<void> write_draft(const Draft& draft, const std::filesystem::path& folder, io::FileSystem& files);

}  // namespace renvoi::quality
