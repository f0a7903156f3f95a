// Our code store in the bench against peers (README.md).
// Usage: vectors_renvoi build PASSAGES.f32 FIT_PASSAGES.f32[,...] FIT_QUERIES.f32[,...] BYTES SHRINKAGE EMPHASIS
//                             flat|cells INDEX
//        vectors_renvoi serve INDEX QUERIES.f32 K
// INDEX.NAME files are the sections of code_store.h and the quantizer. A line "CANDIDATES SHARE" asks for one round.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "../vector_rows.h"
#include "index/cells.h"
#include "index/code_store.h"
#include "index/quantizer_fit.h"
#include "peer_clock.h"

using namespace renvoi;
using namespace renvoi::index;

namespace {

constexpr std::uint32_t kDimensions = 384;
constexpr const char* kSections[] = {"quantizer", "scan", "rest", "order", "cells"};

std::span<const std::byte> view(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

int build(char** argv) {
  const std::vector<float> passages = bench::read_floats(argv[2]);
  FitOptions options;
  options.code_bytes = std::stoul(argv[5]);
  options.shrinkage = std::stod(argv[6]);
  options.emphasis = std::stod(argv[7]);
  const double start = bench::thread_us();
  const auto quantizer = fit_quantizer(bench::read_floats(argv[3]), bench::read_floats(argv[4]), kDimensions, options);
  if (!quantizer.ok()) {
    std::fprintf(stderr, "%s\n", quantizer.error().describe().c_str());
    return 1;
  }
  const std::size_t code_bytes = quantizer->code_bytes();
  const std::size_t count = passages.size() / kDimensions;
  std::vector<std::byte> codes(count * code_bytes);
  for (std::size_t i = 0; i < count; ++i)
    quantizer->encode(std::span(passages).subspan(i * kDimensions, kDimensions),
                      std::span(codes).subspan(i * code_bytes, code_bytes));
  Cells cells;
  const bool flat = std::string(argv[8]) == "flat";
  if (!flat) cells = make_cells(*quantizer, codes);
  const CodeSections sections = write_codes(*quantizer, codes, flat ? nullptr : &cells);
  const double seconds = 1e-6 * (bench::thread_us() - start);
  const std::string bytes[] = {quantizer->bytes(), sections.scan, sections.rest, sections.order, sections.cells};
  for (std::size_t i = 0; i < std::size(kSections); ++i) {
    std::ofstream out(std::string(argv[9]) + '.' + kSections[i], std::ios::binary);
    out << bytes[i];
  }
  std::ofstream facts(std::string(argv[9]) + ".facts");
  facts << count << ' ' << seconds << '\n';
  return 0;
}

std::size_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  in >> all >> resident;
  return resident * 4'096;
}

void answer(const CodeStore& store, const std::vector<float>& queries, std::size_t k, const CodeSearch& how) {
  const std::size_t count = queries.size() / kDimensions;
  std::vector<std::vector<Hit>> found(count);
  std::string times, hits;
  for (std::size_t i = 0; i < count; ++i) {
    const double start = bench::thread_us();
    const CodeQuery query = store.quantizer().prepare(std::span(queries).subspan(i * kDimensions, kDimensions));
    found[i] = store.search(query, k, how);
    times += (times.empty() ? "" : ",") + std::to_string(bench::thread_us() - start);
    hits += hits.empty() ? "[" : ",[";
    for (std::size_t j = 0; j < found[i].size(); ++j) hits += (j > 0 ? "," : "") + std::to_string(found[i][j].passage);
    hits += "]";
  }
  std::cout << "{\"us\": [" << times << "], \"hits\": [" << hits << "]}" << std::endl;
}

int serve(char** argv) {
  const std::vector<float> queries = bench::read_floats(argv[3]);
  const std::size_t before = resident_bytes();
  std::string bytes[std::size(kSections)];
  for (std::size_t i = 0; i < std::size(kSections); ++i) {
    std::ifstream in(std::string(argv[2]) + '.' + kSections[i], std::ios::binary | std::ios::ate);
    bytes[i].resize(static_cast<std::size_t>(in.tellg()));
    in.seekg(0);
    in.read(bytes[i].data(), static_cast<std::streamsize>(bytes[i].size()));
  }
  std::size_t count = 0;
  double seconds = 0;
  std::ifstream facts(std::string(argv[2]) + ".facts");
  facts >> count >> seconds;
  auto quantizer = Quantizer::parse(view(bytes[0]));
  if (!quantizer.ok()) {
    std::fprintf(stderr, "%s\n", quantizer.error().describe().c_str());
    return 1;
  }
  const auto store =
      CodeStore::open(*quantizer, count, {view(bytes[1]), view(bytes[2]), view(bytes[3]), view(bytes[4])});
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.error().describe().c_str());
    return 1;
  }
  std::size_t all = 0;
  for (const std::string& section : bytes) all += section.size();
  std::cout << "{\"passages\": " << count << ", \"bytes\": " << all - bytes[0].size()
            << ", \"quantizer_bytes\": " << bytes[0].size() << ", \"resident_bytes\": " << resident_bytes() - before
            << ", \"build_s\": " << seconds << ", \"cells\": " << store->cells() << "}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    CodeSearch how;
    how.least_scanned = 1;
    std::istringstream(line) >> how.candidates >> how.least_share;
    answer(*store, queries, std::stoul(argv[4]), how);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 10 && std::string(argv[1]) == "build") return build(argv);
  if (argc == 5 && std::string(argv[1]) == "serve") return serve(argv);
  std::fprintf(stderr, "usage: see the first lines of vectors_renvoi.cpp\n");
  return 2;
}
