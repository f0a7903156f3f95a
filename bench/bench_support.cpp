// How well a check of generated sentences tells true from false: statements made of the questions, the answers and the
// sentences of an evaluation set (tests/answer/statements.h), each judged by the sentences of its document.
// Usage: bench_support EVAL SET... [--show KIND]
// Prints, for each share of words that must be held, how many of the true ones stand and how many of the false; with a
// model, the same of the rule that was here before: cosine and shared words.
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "answer/alignment.h"
#include "answer/statements.h"
#include "io/file_system.h"
#include "need.h"
#include "quality/beir.h"
#include "text/language.h"

namespace {

using namespace renvoi;

std::vector<test::Told> read_set(const std::string& folder, io::FileSystem& files) {
  const quality::BeirSet set = bench::need(quality::read_beir(folder, files));
  std::map<std::string, std::size_t> index;
  std::vector<test::Told> all;
  for (const quality::BeirDocument& document : set.documents) {
    index[document.id] = all.size();
    all.push_back({document.title, document.text, text::detect_language(document.text), {}});
  }
  for (const quality::BeirQuery& query : set.queries) {
    const auto answers = set.answers.find(query.id);
    if (answers == set.answers.end() || answers->second.empty()) continue;
    for (const auto& [document, grade] : set.judgments.at(query.id))
      if (grade > 0 && index.contains(document))
        all[index[document]].asked.emplace_back(query.text, answers->second.front());
  }
  return all;
}

struct Count {
  std::size_t stand = 0, all = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const auto files = io::real_file_system();
  std::string show;
  std::vector<std::string> sets;
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--show") == 0 && i + 1 < argc)
      show = argv[++i];
    else
      sets.emplace_back(argv[i]);
  }
  if (argc < 3 || sets.empty()) {
    std::fprintf(stderr, "usage: bench_support EVAL SET... [--show KIND]\n");
    return 2;
  }
  constexpr std::size_t kMostDocuments = 400;  // with questions, of each set
  constexpr std::array<float, 5> kHeld = {1.0F, 0.9F, 0.8F, 0.7F, 0.6F};
  for (const std::string& name : sets) {
    const std::vector<test::Told> set = read_set(std::string(argv[1]) + "/" + name, *files);
    std::vector<std::map<std::string, Count>> counts(kHeld.size());
    std::map<std::string, bool> truth;
    std::map<std::string, std::size_t> misfits;  // of true statements
    std::size_t documents = 0;
    for (std::size_t d = 0; d < set.size() && documents < kMostDocuments; ++d) {
      const test::Told& told = set[d];
      if (told.asked.empty()) continue;
      ++documents;
      std::vector<std::string> others;
      for (const answer::StatementWord& word : answer::statement_words(set[(d + 7) % set.size()].text, told.language))
        if (word.kind == answer::WordKind::name)
          others.emplace_back(text::slice(set[(d + 7) % set.size()].text, word.range));
      std::vector<answer::Said> units;
      for (const text::Range& range : text::sentences(told.text, told.language))
        units.push_back(answer::read_said(text::slice(told.text, range), told.language));
      const answer::Said heading = answer::read_said(told.title, told.language);
      for (const test::Statement& one : test::StatementMaker(told, others, 42 + d).all()) {
        truth[one.kind] = one.is_true;
        const answer::Said said = answer::read_said(one.text, told.language);
        for (std::size_t t = 0; t < kHeld.size(); ++t) {
          bool stands = false;
          answer::Misfit nearest = answer::Misfit::words;
          std::uint32_t most = 0;
          std::string_view by;
          for (const answer::Said& unit : units) {
            const answer::Alignment found = answer::align(said, unit, heading, {kHeld[t]});
            if (found.misfit == answer::Misfit::none) stands = true, by = unit.text;
            if (found.aligned >= most) most = found.aligned, nearest = found.misfit;
            if (stands) break;
          }
          Count& count = counts[t][one.kind];
          ++count.all;
          count.stand += stands ? 1 : 0;
          if (t == 0 && one.is_true && !stands) ++misfits[one.kind + ": " + std::string(answer::to_string(nearest))];
          if (t == 0 && show == one.kind && stands != one.is_true)
            std::printf("%s | %s\n", one.text.c_str(),
                        stands ? std::string(by).c_str() : std::string(answer::to_string(nearest)).c_str());
        }
      }
    }
    std::printf("%s\n%-22s", name.c_str(), "least held");
    for (const float held : kHeld) std::printf(" %8.2f", held);
    std::printf("\n");
    for (const auto& [kind, is_true] : truth) {
      std::printf("%-5s %-16.16s", is_true ? "true" : "FALSE", kind.c_str());
      for (const auto& count : counts)
        std::printf("   %6.2f%%",
                    100.0 * static_cast<double>(count.at(kind).stand) / static_cast<double>(count.at(kind).all));
      std::printf("  of %zu\n", counts[0].at(kind).all);
    }
    for (const auto& [why, count] : misfits) std::printf("  withheld: %-30s %zu\n", why.c_str(), count);
  }
  return 0;
}
