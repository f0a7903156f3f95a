// Writes what every peer of the BM25 bench is given: the terms of passages and queries as our analysis makes them, so
// that a peer only has to split at spaces.
// Usage: dump_terms OUT PASSAGES FOLDER... ; each FOLDER in BEIR layout. Writes, for each folder NAME,
//   OUT/NAME.passages.txt  document, tab, stems with spaces between, each as often as it occurs; a line a passage
//   OUT/NAME.queries.txt   query, tab, stems
//   OUT/NAME.qrels.tsv     query, document, grade
// and OUT/resampled.passages.txt and OUT/resampled.queries.txt: PASSAGES resampled passages and the queries of 2 to 5
// terms, as bench_postings has them (text_collection.h, seed 1).
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "../text_collection.h"
#include "ingest/ingest.h"
#include "io/file_system.h"
#include "quality/build.h"
#include "text/language.h"
#include "text/terms.h"

using namespace renvoi;

namespace {

std::string line_of(const std::string& id, const std::vector<text::TermCount>& terms) {
  std::string line = id + '\t';
  for (const text::TermCount& term : terms)
    for (std::uint32_t i = 0; i < term.frequency; ++i) line += term.term + ' ';
  line.back() = line.back() == ' ' ? '\n' : line.back();
  return line.back() == '\n' ? line : line + '\n';
}

void write_set(const std::string& base, const quality::BeirSet& set) {
  std::ofstream passages(base + ".passages.txt"), queries(base + ".queries.txt"), qrels(base + ".qrels.tsv");
  for (const quality::BeirDocument& beir : set.documents)
    for (const auto& terms : ingest::prepare(quality::as_document(beir)).terms) passages << line_of(beir.id, terms);
  for (const quality::BeirQuery& query : set.queries) {
    queries << line_of(query.id, text::count_terms(query.text, text::detect_language(query.text)));
    for (const auto& [document, grade] : set.judgments.at(query.id))
      qrels << query.id << '\t' << document << '\t' << grade << '\n';
  }
}

void write_resampled(const std::string& base, const bench::TextCollection& collection, std::size_t count) {
  std::ofstream passages(base + ".passages.txt"), queries(base + ".queries.txt");
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < count; ++i) {
    std::string line = std::to_string(i) + '\t';
    for (const auto& [term, frequency] : bench::resample(collection, random))
      for (std::uint32_t j = 0; j < frequency; ++j) line += collection.names[term] + ' ';
    line.back() = '\n';
    passages << line;
  }
  for (const auto& [set, of_set] : collection.queries)
    for (std::size_t i = 0; i < of_set.size(); ++i) {
      queries << set << '-' << i << '\t';
      for (std::size_t j = 0; j < of_set[i].terms.size(); ++j)
        queries << (j > 0 ? " " : "") << collection.names[of_set[i].terms[j]];
      queries << '\n';
    }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: dump_terms OUT PASSAGES FOLDER...\n");
    return 2;
  }
  const std::filesystem::path out = argv[1];
  const auto files = io::real_file_system();
  bench::TextCollection collection;
  for (int i = 3; i < argc; ++i) {
    const std::filesystem::path folder = argv[i];
    const auto set = quality::read_beir(folder, *files);
    if (!set.ok()) {
      std::fprintf(stderr, "%s\n", set.error().describe().c_str());
      return 1;
    }
    write_set(out / folder.filename(), *set);
    collection.add_set(folder.filename().string(), *set);
  }
  write_resampled(out / "resampled", collection, std::stoul(argv[2]));
  return 0;
}
