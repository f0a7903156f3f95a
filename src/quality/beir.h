// A folder in BEIR layout: corpus.jsonl, queries.jsonl, qrels.tsv, and answers.jsonl where it exists.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "quality/measures.h"

namespace renvoi::quality {

struct BeirDocument {
  std::string id, title, text;
};
struct BeirQuery {
  std::string id, text;
};
struct BeirSet {
  std::vector<BeirDocument> documents;
  std::vector<BeirQuery> queries;              // those with a judgment only
  std::map<std::string, Judgments> judgments;  // by query
  // The words that answer, by query: any of them does. Of judged queries only; empty without answers.jsonl.
  std::map<std::string, std::vector<std::string>> answers;
};

// Reads all of them. Each line of answers.jsonl has `_id` (of a query) and `answers` (a list of strings). A header line
// of qrels.tsv is passed over; lines of three columns (query, document, grade) and of TREC's four are read. Errors:
// `not_found` (names the file), `invalid` (names file, line and what was expected).
Result<BeirSet> read_beir(const std::filesystem::path& folder, io::FileSystem& files);

}  // namespace renvoi::quality
