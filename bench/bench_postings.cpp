// Posting blocks: bytes a passage and the time of a query, against the simple lists (postings.h) and scoring
// everything. Usage: bench_postings PASSAGES FOLDER... ; each FOLDER in BEIR layout. Prints text; times are of one
// thread.
//
// Two collections are measured: every passage of the folders, and PASSAGES resampled ones (text_collection.h,
// mt19937_64, seed 1).
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "index/block_max_search.h"
#include "index/posting_blocks.h"
#include "index/top_k.h"
#include "ingest/ingest.h"
#include "io/file_system.h"
#include "quality/beir.h"
#include "quality/build.h"
#include "quality/measures.h"
#include "text/language.h"
#include "text/terms.h"
#include "text_collection.h"

using namespace renvoi;
using namespace renvoi::index;
using namespace renvoi::bench;

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kHits = 10;

// nDCG@10 of BM25, a document being its best passage: with exact lengths and frequencies, and with what is stored.
struct Quality {
  double exact = 0, stored = 0;
  std::size_t changed = 0;  // queries
};
Quality measure_quality(const quality::BeirSet& set);

bool read_set(const std::filesystem::path& folder, TextCollection& corpus) {
  const auto files = io::real_file_system();
  const auto set = quality::read_beir(folder, *files);
  if (!set.ok()) {
    std::fprintf(stderr, "%s\n", set.error().describe().c_str());
    return false;
  }
  corpus.add_set(folder.filename().string(), *set);
  const Quality quality = measure_quality(*set);
  std::printf("%-12s nDCG@10 of BM25 %.4f exact, %.4f as stored; %zu of %zu queries differ\n",
              folder.filename().c_str(), quality.exact, quality.stored, quality.changed, set->queries.size());
  return true;
}

// A collection with its lists in the new form.
struct Built {
  std::vector<std::vector<Posting>> postings;  // by term; emptied once written
  std::vector<std::uint8_t> lengths;
  std::vector<std::pair<std::size_t, std::size_t>> lists;  // begin and size in bytes
  std::vector<std::uint32_t> frequencies;                  // df
  std::string bytes;
  double average_length = 0;

  void add(const Counts& terms) {
    const auto passage = static_cast<std::uint32_t>(lengths.size());
    std::uint32_t length = 0;
    for (const auto& [term, frequency] : terms) {
      if (postings.size() <= term) postings.resize(term + 1);
      postings[term].push_back({passage, frequency});
      length += frequency;
    }
    average_length += length;
    lengths.push_back(length_code(length));
  }
  BlockMaxTerm term(std::uint32_t number) const {
    if (number >= lists.size()) return {};
    const double df = frequencies[number];
    const double idf = std::log(1.0 + (static_cast<double>(lengths.size()) - df + 0.5) / (df + 0.5));
    return {std::string_view(bytes).substr(lists[number].first, lists[number].second), frequencies[number],
            static_cast<float>(idf)};
  }
};

// What a smaller dictionary would take: blocks of 32, lengths shared and left in one byte with a bit for "in one
// passage only", no size for a short list, which says itself where it ends and stands in the dictionary (not counted
// here).
void add_compact_entry(io::ByteWriter& out, std::size_t place, std::string_view name, std::string_view last,
                       const Built& built, std::uint32_t term) {
  std::size_t shared = 0;
  if (place % 32 == 0) {
    out.u32(0);
    out.varint(built.lists[term].first);
  } else {
    shared = static_cast<std::size_t>(std::mismatch(name.begin(), name.end(), last.begin(), last.end()).first -
                                      name.begin());
  }
  const std::size_t left = name.size() - shared;
  const std::uint32_t df = built.frequencies[term];
  out.u8(0);  // 4 bits shared, 3 bits left, 1 bit df = 1
  if (shared >= 15) out.varint(shared - 15);
  if (left >= 7) out.varint(left - 7);
  out.append(name.substr(shared));
  if (df > 1) out.varint(df - 2);
  if (df >= kBlockPostings) out.varint(built.lists[term].second);
}

// Writes the lists and prints what they take.
void write_lists(Built& built, const TextCollection& corpus) {
  const auto passages = static_cast<double>(built.lengths.size());
  built.average_length /= passages;
  const PostingBlockWriter writer(built.lengths);
  io::ByteWriter out, simple;
  double postings = 0, tail_bytes = 0, tail_postings = 0;
  std::size_t terms = 0;
  std::vector<std::uint32_t> order;
  const auto start = Clock::now();
  for (std::uint32_t term = 0; term < built.postings.size(); ++term) {
    const auto& list = built.postings[term];
    const std::size_t before = out.size();
    writer.write(out, list);
    built.lists.emplace_back(before, out.size() - before);
    built.frequencies.push_back(static_cast<std::uint32_t>(list.size()));
    postings += static_cast<double>(list.size());
    if (list.size() < kBlockPostings) {
      tail_bytes += static_cast<double>(out.size() - before);
      tail_postings += static_cast<double>(list.size());
    }
    if (!list.empty()) {
      ++terms;
      order.push_back(term);
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  for (const auto& list : built.postings) write_postings(simple, list);
  // The dictionary as segment.h has it: front coding in blocks of 16.
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return corpus.names[a] < corpus.names[b]; });
  io::ByteWriter dictionary, compact;
  std::size_t suffixes = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::string& name = corpus.names[order[i]];
    std::size_t shared = 0;
    if (i % 16 == 0) {
      dictionary.u32(0);
      dictionary.varint(built.lists[order[i]].first);
    } else {
      const std::string& last = corpus.names[order[i - 1]];
      shared = static_cast<std::size_t>(std::mismatch(name.begin(), name.end(), last.begin(), last.end()).first -
                                        name.begin());
    }
    suffixes += name.size() - shared;
    add_compact_entry(compact, i, name, i > 0 ? std::string_view(corpus.names[order[i - 1]]) : std::string_view(),
                      built, order[i]);
    dictionary.varint(shared);
    dictionary.text(std::string_view(name).substr(shared));
    dictionary.varint(built.frequencies[order[i]]);
    dictionary.varint(built.lists[order[i]].second);
  }
  std::printf(
      "  %.0f passages, %.1f terms of length %.1f each, %zu distinct: %.2f B a passage (%.3f bits a posting), written "
      "in "
      "%.1f s;\n  lists under 128 postings: %.2f B for %.2f postings a passage; the simple lists: %.2f B; dictionary "
      "%.2f B a passage, %.1f B a term (%.1f of them letters), a compact one %.1f B a term\n",
      passages, postings / passages, built.average_length, terms, static_cast<double>(out.size()) / passages,
      8.0 * static_cast<double>(out.size()) / postings, seconds, tail_bytes / passages, tail_postings / passages,
      static_cast<double>(simple.size()) / passages, static_cast<double>(dictionary.size()) / passages,
      static_cast<double>(dictionary.size()) / static_cast<double>(terms),
      static_cast<double>(suffixes) / static_cast<double>(terms),
      static_cast<double>(compact.size()) / static_cast<double>(terms));
  built.bytes = out.take();
  built.postings = {};
}

// Scores every posting of the terms, in the order of the query.
std::vector<Hit> score_everything(std::span<const BlockMaxTerm> terms, const Built& built, const Bm25Curve& curve,
                                  std::vector<float>& scores) {
  std::fill(scores.begin(), scores.end(), 0.0F);
  for (const BlockMaxTerm& term : terms) {
    BlockCursor cursor(term.list, term.postings, static_cast<std::uint32_t>(built.lengths.size()));
    while (!cursor.at_end()) {
      const DecodedBlock* block = cursor.decoded();
      for (unsigned i = 0; i < block->size(); ++i) {
        const std::uint32_t passage = block->passages()[i];
        scores[passage] += curve.score(term.weight, block->frequencies()[i], built.lengths[passage]);
      }
      cursor.shallow_advance_to(cursor.block_last() + 1);
    }
  }
  TopK best(kHits);
  for (std::uint32_t passage = 0; passage < scores.size(); ++passage)
    if (scores[passage] > 0) best.offer({passage, scores[passage]});
  return best.take();
}

Quality measure_quality(const quality::BeirSet& set) {
  struct Entry {
    std::uint32_t passage, frequency;
  };
  std::unordered_map<std::string, std::vector<Entry>> postings;
  std::vector<std::size_t> document_of;
  std::vector<std::uint32_t> lengths;
  double total = 0;
  for (std::size_t i = 0; i < set.documents.size(); ++i)
    for (const auto& terms : ingest::prepare(quality::as_document(set.documents[i])).terms) {
      std::uint32_t length = 0;
      for (const text::TermCount& term : terms) {
        postings[term.term].push_back({static_cast<std::uint32_t>(lengths.size()), term.frequency});
        length += term.frequency;
      }
      lengths.push_back(length);
      document_of.push_back(i);
      total += length;
    }
  const auto passages = static_cast<double>(lengths.size());
  const double average = total / passages;
  Quality sum;
  for (const quality::BeirQuery& query : set.queries) {
    const auto terms = text::count_terms(query.text, text::detect_language(query.text));
    std::array<double, 2> gained{};
    for (const bool stored : {false, true}) {
      std::unordered_map<std::size_t, double> of_passage, of_document;
      for (const text::TermCount& term : terms) {
        const auto found = postings.find(term.term);
        if (found == postings.end()) continue;
        const auto df = static_cast<double>(found->second.size());
        const double idf = std::log(1.0 + (passages - df + 0.5) / (df + 0.5)) * term.frequency;
        for (const Entry& entry : found->second) {
          const std::uint32_t length = lengths[entry.passage];
          const double tf = stored ? std::min(entry.frequency, kMaxFrequency) : entry.frequency;
          const double used = stored ? length_of_code(length_code(length)) : length;
          of_passage[entry.passage] += idf * tf / (tf + 0.9 * (0.6 + 0.4 * used / average));
        }
      }
      for (const auto& [passage, score] : of_passage) {
        double& best = of_document[document_of[passage]];
        best = std::max(best, score);
      }
      std::vector<std::pair<double, std::size_t>> order;
      for (const auto& [document, score] : of_document) order.emplace_back(-score, document);
      std::sort(order.begin(), order.end());
      std::vector<std::string> ranking;
      for (std::size_t i = 0; i < std::min(order.size(), kHits); ++i)
        ranking.push_back(set.documents[order[i].second].id);
      gained[stored ? 1 : 0] = quality::ndcg_at(kHits, ranking, set.judgments.at(query.id));
    }
    sum.exact += gained[0];
    sum.stored += gained[1];
    sum.changed += gained[0] != gained[1] ? 1 : 0;
  }
  sum.exact /= static_cast<double>(set.queries.size());
  sum.stored /= static_cast<double>(set.queries.size());
  return sum;
}

struct Times {
  std::vector<double> us;
  double at(double share) {
    std::sort(us.begin(), us.end());
    return us.empty() ? 0
                      : us[std::min(us.size() - 1, static_cast<std::size_t>(share * static_cast<double>(us.size())))];
  }
};

// Reads every posting, and looks single passages up.
void time_reading(const Built& built) {
  const auto passages = static_cast<std::uint32_t>(built.lengths.size());
  for (const Kernel kernel : {Kernel::portable, best_kernel()}) {
    std::uint64_t postings = 0, sum = 0;
    const auto start = Clock::now();
    for (std::uint32_t term = 0; term < built.lists.size(); ++term) {
      const BlockMaxTerm list = built.term(term);
      if (list.postings < kBlockPostings) continue;
      BlockCursor cursor(list.list, list.postings, passages, kernel);
      while (!cursor.at_end()) {
        const DecodedBlock* block = cursor.decoded();
        sum += block->passages()[0] + block->frequencies()[block->size() - 1];
        postings += block->size();
        cursor.shallow_advance_to(cursor.block_last() + 1);
      }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::printf("  blocks read %s: %.0f million postings/s, %.0f ns a block (%llu)\n",
                kernel == Kernel::portable ? "without vector instructions" : "with AVX2",
                static_cast<double>(postings) / seconds / 1e6, 128 * seconds / static_cast<double>(postings) * 1e9,
                static_cast<unsigned long long>(sum % 10));
  }
  std::vector<std::uint32_t> longest(built.lists.size());
  std::iota(longest.begin(), longest.end(), 0U);
  std::sort(longest.begin(), longest.end(),
            [&](std::uint32_t a, std::uint32_t b) { return built.frequencies[a] > built.frequencies[b]; });
  const Bm25Curve curve = Bm25Curve::make({}, static_cast<float>(built.average_length)).value();
  std::mt19937_64 random(2);
  constexpr int kLookups = 20'000;
  double total = 0;
  const auto start = Clock::now();
  for (int i = 0; i < kLookups; ++i) {
    const BlockMaxTerm term = built.term(longest[random() % 100]);
    total += static_cast<double>(block_score_of({&term, 1}, random() % passages, {built.lengths, {}}, curve).value());
  }
  std::printf("  the score of one passage in one of the 100 longest lists: %.2f us (%.0f)\n",
              std::chrono::duration<double, std::micro>(Clock::now() - start).count() / kLookups, total);
}

void time_queries(const Built& built, const std::string& set, const std::vector<Query>& queries) {
  const Bm25Curve curve = Bm25Curve::make({}, static_cast<float>(built.average_length)).value();
  const BlockMaxSegment segment{built.lengths, {}};
  std::vector<float> scores(built.lengths.size());
  Times fast, slow;
  std::size_t wrong = 0;
  double postings = 0;
  BlockMaxStats sum;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    std::vector<BlockMaxTerm> terms;
    for (const std::uint32_t number : queries[i].terms) {
      const BlockMaxTerm term = built.term(number);
      if (term.postings == 0) continue;
      postings += term.postings;
      terms.push_back(term);
    }
    std::vector<Hit> hits;
    double best = 1e12;
    for (int round = 0; round < 3; ++round) {  // the best of three: the machine is shared
      const auto start = Clock::now();
      hits = block_max_top_k(terms, kHits, segment, curve).value();
      best = std::min(best, std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    fast.us.push_back(best);
    BlockMaxStats stats;
    BlockMaxOptions options;
    options.stats = &stats;
    (void)block_max_top_k(terms, kHits, segment, curve, options);
    sum.windows += stats.windows;
    sum.windows_skipped += stats.windows_skipped;
    sum.postings_scored += stats.postings_scored;
    sum.candidates += stats.candidates;
    if (i % 5 != 0) continue;
    const auto start = Clock::now();
    const std::vector<Hit> expected = score_everything(terms, built, curve, scores);
    slow.us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    wrong += hits == expected ? 0 : 1;
  }
  const auto count = static_cast<double>(queries.size());
  std::printf(
      "  %-12s %zu queries of 2 to 5 terms: %.0f / %.0f / %.0f us (p50, p99, most), everything %.0f / %.0f us; %zu of "
      "%zu differ\n    a query: %.0f postings, %.0f scored, %.0f candidates, %.0f windows, %.0f of them skipped\n",
      set.c_str(), queries.size(), fast.at(0.5), fast.at(0.99), fast.at(1.0), slow.at(0.5), slow.at(0.99), wrong,
      slow.us.size(), postings / count, static_cast<double>(sum.postings_scored) / count,
      static_cast<double>(sum.candidates) / count, static_cast<double>(sum.windows) / count,
      static_cast<double>(sum.windows_skipped) / count);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_postings PASSAGES FOLDER...\n");
    return 2;
  }
  TextCollection corpus;
  for (int i = 2; i < argc; ++i)
    if (!read_set(argv[i], corpus)) return 1;
  std::printf("real passages\n");
  Built real;
  for (const Counts& passage : corpus.passages) real.add(passage);
  write_lists(real, corpus);
  std::printf("resampled passages\n");
  Built large;
  std::mt19937_64 random(1);
  for (std::size_t count = std::stoul(argv[1]); count > 0; --count) large.add(resample(corpus, random));
  write_lists(large, corpus);
  time_reading(large);
  for (const auto& [set, queries] : corpus.queries) time_queries(large, set, queries);
  return 0;
}
