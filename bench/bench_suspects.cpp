// How often the detector of instruction-like text is wrong on documents that are for people.
// Usage: bench_suspects EVAL SET... [--show]
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "answer/instruction_like.h"
#include "io/file_system.h"
#include "need.h"
#include "quality/beir.h"

int main(int argc, char** argv) {
  using namespace renvoi;
  const auto files = io::real_file_system();
  const bool show = argc > 2 && std::strcmp(argv[argc - 1], "--show") == 0;
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_suspects EVAL SET... [--show]\n");
    return 2;
  }
  for (int i = 2; i < argc - (show ? 1 : 0); ++i) {
    const quality::BeirSet set = bench::need(quality::read_beir(std::string(argv[1]) + "/" + argv[i], *files));
    std::size_t documents = 0, lines = 0, all_lines = 0;
    for (const quality::BeirDocument& document : set.documents) {
      all_lines += 1 + static_cast<std::size_t>(std::count(document.text.begin(), document.text.end(), '\n'));
      const std::vector<answer::Suspect> found = answer::suspects_in(document.text);
      documents += found.empty() ? 0 : 1;
      lines += found.size();
      for (const answer::Suspect& suspect : found)
        if (show)
          std::printf("%s: %.700s\n", std::string(answer::to_string(suspect.what)).c_str(),
                      std::string(text::slice(document.text, suspect.range)).c_str());
    }
    std::printf("%-14s %zu of %zu documents (%.2f%%), %zu of %zu lines\n", argv[i], documents, set.documents.size(),
                100.0 * static_cast<double>(documents) / static_cast<double>(set.documents.size()), lines, all_lines);
  }
  return 0;
}
