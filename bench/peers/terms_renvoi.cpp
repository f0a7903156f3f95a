// Our posting blocks and BlockMax-MaxScore in the bench against peers (README.md). The lists are made in memory.
// Usage: terms_renvoi serve PASSAGES.txt QUERIES.txt K K1 B
// Its bytes: the lists, a front-coded dictionary in blocks of 16 with df and size of each list, and a byte a passage
// for its length. The product's segment adds its table of passages, its header and its checksums.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "index/block_max_search.h"
#include "index/posting_blocks.h"
#include "io/bytes.h"
#include "peer_clock.h"

using namespace renvoi;
using namespace renvoi::index;

namespace {

constexpr std::size_t kDictionaryBlock = 16;

// The stems of a line, behind its identifier.
template <class Use>
void for_each_stem(const std::string& line, Use use) {
  std::size_t begin = line.find('\t') + 1;
  while (begin < line.size()) {
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    use(std::string_view(line).substr(begin, end - begin));
    begin = end + 1;
  }
}

struct Built {
  std::vector<std::string> terms;  // sorted; the lists in this order
  std::vector<std::pair<std::size_t, std::size_t>> lists;
  std::vector<std::uint32_t> frequencies;
  std::vector<std::uint8_t> lengths;
  std::string bytes;
  std::size_t dictionary_bytes = 0;
  double average_length = 0;

  // The list of a stem; none: 0 postings.
  BlockMaxTerm term(std::string_view stem) const {
    const auto at = std::lower_bound(terms.begin(), terms.end(), stem);
    if (at == terms.end() || *at != stem) return {};
    const auto number = static_cast<std::size_t>(at - terms.begin());
    const double df = frequencies[number];
    const double idf = std::log(1.0 + (static_cast<double>(lengths.size()) - df + 0.5) / (df + 0.5));
    return {std::string_view(bytes).substr(lists[number].first, lists[number].second), frequencies[number],
            static_cast<float>(idf)};
  }
};

std::size_t dictionary_bytes(const Built& built) {
  io::ByteWriter out;
  for (std::size_t i = 0; i < built.terms.size(); ++i) {
    const std::string& name = built.terms[i];
    std::size_t shared = 0;
    if (i % kDictionaryBlock == 0) {
      out.u32(0);
      out.varint(built.lists[i].first);
    } else {
      const std::string& last = built.terms[i - 1];
      shared = static_cast<std::size_t>(std::mismatch(name.begin(), name.end(), last.begin(), last.end()).first -
                                        name.begin());
    }
    out.varint(shared);
    out.text(std::string_view(name).substr(shared));
    out.varint(built.frequencies[i]);
    out.varint(built.lists[i].second);
  }
  return out.size();
}

Built build(const char* file) {
  Built built;
  std::unordered_map<std::string, std::uint32_t> numbers;
  std::vector<std::string> names;
  std::vector<std::vector<Posting>> postings;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto passage = static_cast<std::uint32_t>(built.lengths.size());
    std::uint32_t length = 0;
    for_each_stem(line, [&](std::string_view stem) {
      const auto [at, added] = numbers.emplace(stem, static_cast<std::uint32_t>(names.size()));
      if (added) {
        names.emplace_back(stem);
        postings.emplace_back();
      }
      std::vector<Posting>& list = postings[at->second];
      if (list.empty() || list.back().passage != passage) list.push_back({passage, 0});
      ++list.back().frequency;
      ++length;
    });
    built.average_length += length;
    built.lengths.push_back(length_code(length));
  }
  built.average_length /= static_cast<double>(built.lengths.size());
  built.terms = names;
  std::sort(built.terms.begin(), built.terms.end());
  const PostingBlockWriter writer(built.lengths);
  io::ByteWriter out;
  for (const std::string& term : built.terms) {
    std::vector<Posting>& list = postings[numbers.at(term)];
    const std::size_t before = out.size();
    writer.write(out, list);
    built.lists.emplace_back(before, out.size() - before);
    built.frequencies.push_back(static_cast<std::uint32_t>(list.size()));
    list = {};
  }
  built.bytes = out.take();
  built.dictionary_bytes = dictionary_bytes(built);
  return built;
}

std::vector<Hit> search(const Built& built, const Bm25Curve& curve, const std::string& query, std::size_t k) {
  std::vector<BlockMaxTerm> terms;
  std::map<std::string_view, float> counts;
  for_each_stem(query, [&](std::string_view stem) { ++counts[stem]; });
  for (const auto& [stem, count] : counts) {
    BlockMaxTerm term = built.term(stem);
    term.weight *= count;
    if (term.postings > 0) terms.push_back(term);
  }
  return block_max_top_k(terms, k, {built.lengths, {}}, curve).value();
}

void answer(const Built& built, const Bm25Curve& curve, const std::vector<std::string>& queries, std::size_t k) {
  std::string times, hits;
  for (const std::string& query : queries) {
    const double start = bench::thread_us();
    const std::vector<Hit> found = search(built, curve, query, k);
    times += (times.empty() ? "" : ",") + std::to_string(bench::thread_us() - start);
    hits += hits.empty() ? "[" : ",[";
    for (std::size_t i = 0; i < found.size(); ++i) hits += (i > 0 ? "," : "") + std::to_string(found[i].passage);
    hits += "]";
  }
  std::cout << "{\"us\": [" << times << "], \"hits\": [" << hits << "]}" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7 || std::string(argv[1]) != "serve") {
    std::fprintf(stderr, "usage: terms_renvoi serve PASSAGES.txt QUERIES.txt K K1 B\n");
    return 2;
  }
  const Built built = build(argv[2]);
  const Bm25Curve curve =
      Bm25Curve::make({std::stof(argv[5]), std::stof(argv[6])}, static_cast<float>(built.average_length)).value();
  std::vector<std::string> queries;
  std::ifstream in(argv[3]);
  for (std::string line; std::getline(in, line);) queries.push_back(line);
  std::cout << "{\"passages\": " << built.lengths.size()
            << ", \"bytes\": " << built.bytes.size() + built.dictionary_bytes + built.lengths.size()
            << ", \"lists_bytes\": " << built.bytes.size() << ", \"dictionary_bytes\": " << built.dictionary_bytes
            << ", \"terms\": " << built.terms.size() << "}" << std::endl;
  for (std::string round; std::getline(std::cin, round);) answer(built, curve, queries, std::stoul(argv[4]));
  return 0;
}
