// Getting data in: walks a source once, in a fixed order, and keeps what the dataset does not have yet.
//
// An interrupted capture is gone on with by running it again: what has an item already (by its origin within the
// source) is not read again. Labels that come with the data become assertions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "dataset/assertion_store.h"
#include "dataset/dataset.h"

namespace renvoi::dataset {

// An annotation that came with an item.
struct Label {
  Selector selector;
  Body body;
};

// One thing that a source has.
struct Entry {
  std::string origin;  // within the source; unique there, and the same at the next walk
  std::vector<Label> labels;
  std::string media_type;                           // "": told from the bytes and the origin
  Timestamp captured_at = 0;                        // 0: now
  ItemFacts facts;                                  // may be completed by read()
  std::function<Result<std::string>(Entry&)> read;  // the bytes; called at most once, before the walk goes on
};

// What a walk gives its entries to; false ends the walk. An error ends it with that error.
using TakeEntry = std::function<Result<bool>(Entry entry)>;

// Something that can be walked. Its problems (a file that cannot be read) do not end the walk.
class EntrySource {
 public:
  virtual ~EntrySource() = default;
  virtual std::string kind() const = 0;     // "folder"
  virtual std::string address() const = 0;  // what it is, for people and for going on: an absolute path, an address
  virtual std::string options() const { return ""; }  // JSON
  virtual Result<void> walk(const TakeEntry& take, std::vector<std::string>& problems) = 0;
};

struct CaptureReport {
  SourceNumber source = 0;
  std::uint64_t seen = 0, added = 0, known = 0, labels = 0;
  std::uint64_t bytes = 0;            // of what was added
  std::vector<std::string> problems;  // at most 1,000; the others are counted
  std::uint64_t problem_count = 0;
  bool complete = false;  // the walk came to its end
};

struct CaptureOptions {
  bool trust_labels = false;  // labels of the source are verified, not proposed
  bool again = false;         // read what is known too: other bytes become a new item of the same origin
  // Called after each commit.
  std::function<void(const CaptureReport&)> on_progress{};
};

// `assertions` may be null: then labels are left out. Errors: those of dataset, assertions and walk; what was committed
// before stays. A stop ends it in good order, incomplete.
Result<CaptureReport> capture(Dataset& dataset, AssertionStore* assertions, EntrySource& source, const Clock& clock,
                              const CaptureOptions& options = {}, std::stop_token stop = {});

}  // namespace renvoi::dataset
