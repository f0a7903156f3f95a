// The index: codes, postings and passages, on disk, without any text. Knows references by number only.
//
// Writes go to a log first (CRC32C), then to immutable segments; one manifest rename publishes. BM25 is exact over what
// is stored: frequencies up to 15 and lengths in one byte (posting_blocks.h). A cosine is that of a code with the float
// query; `semantic` ranks by all bits what a scan of some bits found, or everything when there is little of it.
// Files are drawn in docs/format.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "io/file_system.h"
#include "text/range.h"
#include "text/terms.h"

namespace renvoi::index {

// What an index is bound to. Opening it with another is an error that says what differs and how to rebuild.
struct Identity {
  std::string model_digest;  // hexadecimal SHA-256
  std::uint32_t dimensions = 0;
  std::uint32_t extractor_version = 0;
  bool operator==(const Identity&) const = default;
};

// The code of a passage as an index holds it. Opaque: it can be put again into an index of the same identity, for a
// passage of which the encoder would be given the same, which spares the encoder. What is put so is the same to the
// bit, however often.
struct StoredCode {
  std::string quantizer;  // which made it: hexadecimal SHA-256
  std::vector<std::byte> bytes;
  bool operator==(const StoredCode&) const = default;
};

struct PassageInput {
  std::uint32_t ordinal = 0;
  text::Range range;
  std::uint64_t fingerprint = 0;
  std::span<const text::TermCount> terms;  // sorted by term
  std::span<const float> vector;           // unit length, Identity::dimensions; empty when there is a code
  const StoredCode* code = nullptr;        // instead of a vector
};

// What may be chosen. An index can be opened with others than it was made with: what was written stays as it is.
struct IndexOptions {
  // Of one code once the collection has a quantizer of its own, and how many of them are scanned (quantizer_fit.h says
  // what they buy). Chosen for good when that is made.
  std::size_t code_bytes = 136;
  std::size_t hot_bytes = 48;
  // Passages together in a segment from which on it is made. A smaller collection has six bits a dimension: the
  // quantizer is a file of dimensions x dimensions x 4 bytes, which that many passages pay for.
  std::size_t fit_from = 3'750;
  std::size_t cells_from = 200'000;  // passages of a segment above which its codes are laid out in cells

  // The log becomes a segment, and segments are merged, in a thread of the writer's own, which is started when there is
  // something to do; or, when not `background`, inside the commit that makes it due, and then in an order that only
  // depends on what is written.
  bool background = true;
  // What that thread writes a second at most, in the mean of a tenth of a second; 0: as fast as it can. Not kept to
  // while a commit or compact() waits for it. The default writes a merge of a million passages in eight seconds.
  std::uint64_t background_bytes_per_second = 32U << 20;
  std::uint64_t flush_log_bytes = 8U << 20;  // the log becomes a segment when it is longer
  // A commit waits for that segment when the log is longer than this before it: memory is bounded by about three times
  // as much. In most cases a commit never waits; see Index::commit.
  std::uint64_t most_log_bytes = 64U << 20;
};

// A passage of a snapshot: dense, from 0; means nothing in another snapshot.
using PassageNumber = std::uint32_t;

struct PassageRecord {
  ReferenceId reference = ReferenceId::none;
  std::uint32_t ordinal = 0;
  text::Range range;
  std::uint64_t fingerprint = 0;  // passage_fingerprint.h
};

struct Hit {
  PassageNumber passage = 0;
  float score = 0;  // bm25: BM25 units, above 0; semantic: cosine
  bool operator==(const Hit&) const = default;
};

// Which references may be hit. Empty: all.
using Accept = std::function<bool(ReferenceId)>;

struct IndexStats {
  std::uint64_t references = 0;
  std::uint64_t passages = 0;       // live
  std::uint64_t dead_passages = 0;  // deleted, their space not yet freed
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;                                                          // of all files
  std::uint64_t code_bytes = 0, posting_bytes = 0, table_bytes = 0, log_bytes = 0;  // codes with their quantizers
  std::uint64_t terms = 0;
};

struct Bm25Parameters {  // Robertson and Zaragoza 2009; the values of Anserini
  float k1 = 0.9F;
  float b = 0.4F;
};

// An immutable view. Thread-safe; holds what it needs, whatever the index does after.
// Files are verified when they are read, so damage is met while answering: a segment that has shown some is left out of
// the hits from then on, and sound() tells.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // The best k, best first, ties by passage number. `terms` are stems; a term repeated counts as often.
  virtual std::vector<Hit> bm25(std::span<const std::string> terms, std::size_t k, const Accept& accept = {},
                                const Bm25Parameters& parameters = {}) const = 0;
  virtual std::vector<Hit> semantic(std::span<const float> query, std::size_t k, const Accept& accept = {}) const = 0;
  // The cosine of `query` with one passage's code.
  virtual float similarity(std::span<const float> query, PassageNumber passage) const = 0;
  // The BM25 score of `terms` for one passage; 0 when it holds none.
  virtual float bm25_of(std::span<const std::string> terms, PassageNumber passage,
                        const Bm25Parameters& parameters = {}) const = 0;
  // The same of many, in any order, in that order: what a search asks for each hit of the other part, in one walk.
  virtual std::vector<float> similarities(std::span<const float> query,
                                          std::span<const PassageNumber> passages) const = 0;
  virtual std::vector<float> bm25_scores(std::span<const std::string> terms, std::span<const PassageNumber> passages,
                                         const Bm25Parameters& parameters = {}) const = 0;
  virtual PassageRecord record(PassageNumber passage) const = 0;
  // For PassageInput::code. Errors: `not_found` (no such passage), `corrupt`.
  virtual Result<StoredCode> code(PassageNumber passage) const = 0;
  // The passages of one reference, by ordinal. Empty when it is not in the index.
  virtual std::vector<PassageNumber> passages_of(ReferenceId reference) const = 0;
  virtual std::vector<ReferenceId> references() const = 0;                    // sorted
  virtual std::uint64_t document_frequency(std::string_view term) const = 0;  // passages that hold it
  virtual std::uint64_t size() const = 0;                                     // live passages
  // Ok: no answer so far has met damaged bytes. Ask after a search what it was worth. Errors: `corrupt`, naming a file.
  virtual Result<void> sound() const = 0;
};

// One writer (a lock on the folder: `conflict` for the second), any number of readers in this and other processes.
// Thread-safe. Closing a writer breaks off a merge that runs, within milliseconds (but fitting a quantizer, once in the
// life of a collection, takes a second or two); it is begun anew after the next opening. An error of background work is
// no commit's: a full disk puts the work off, from a second to five minutes; damage that it meets is told by check()
// and by Snapshot::sound. Errors of all: `exhausted` (disk full: nothing acknowledged is lost), `corrupt` (names the
// file and what to do), `unavailable` (I/O).
class Index {
 public:
  enum class Mode : std::uint8_t { read, write };
  // Creates the folder's files when absent (write). Errors also: `conflict` (another writer; another model: names both
  // digests), `corrupt`, `invalid` (a version of the format this program does not know), `not_found` (read).
  static Result<std::unique_ptr<Index>> open(io::FileSystem& files, const std::filesystem::path& folder,
                                             const Identity& identity, Mode mode, const IndexOptions& options = {});
  virtual ~Index() = default;

  // Replaces all passages of `reference`. Logged; durable and visible to new snapshots after commit(). All codes that
  // are given must be of one quantizer, as those of one reference are in a snapshot: then the others are made by it.
  // Errors also: `invalid` (which passage and why; a code of other bytes than its quantizer's), `conflict` (a code of a
  // quantizer that is not this index's).
  virtual Result<void> put(ReferenceId reference, std::span<const PassageInput> passages) = 0;
  // Absent is not an error.
  virtual Result<void> remove(ReferenceId reference) = 0;
  // All puts and removes before it are acknowledged: they survive kill -9 and power loss from here on, and new
  // snapshots have them. Writes and syncs the log; a merge that runs meanwhile is not waited for. Only when writing has
  // been faster than the disk for long, and the log is longer than IndexOptions::most_log_bytes, it waits until a
  // segment is written of it, ten minutes at most; then its errors are also those of writing that segment, and nothing
  // is acknowledged (commit again, or roll back).
  virtual Result<void> commit() = 0;
  // Puts and removes since the last commit are forgotten.
  virtual void rollback() = 0;
  // Writes what the log holds to a segment and merges all segments, so that what was dead when it was called leaves
  // every file. Waits for that; as fast as it can. Others may commit meanwhile. A merge in the background is broken off
  // for it.
  virtual Result<void> compact() = 0;
  // Waits until nothing is left to do in the background, or what is left was put off because of an error: for
  // benchmarks and tests. Errors: `unavailable` after half an hour.
  virtual Result<void> settle() = 0;

  // What was committed last. A reader in another process sees the writer's commits after refresh().
  virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
  virtual Result<void> refresh() = 0;
  virtual IndexStats stats() const = 0;
  // Reads every block of every file and checks it. Errors: `corrupt`, naming each bad file.
  virtual Result<void> check() = 0;
};

}  // namespace renvoi::index
