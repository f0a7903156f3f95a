// The datasets that the server has open, and the orders it has prepared: opening one takes time that grows with it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "config.h"
#include "dataset/dataset.h"
#include "dataset/snapshots.h"
#include "dataset/stream.h"

namespace renvoi::app {

// Thread-safe.
class DatasetShelf {
 public:
  explicit DatasetShelf(const Config& config) : config_(config), files_(io::real_file_system()) {}
  io::FileSystem& files() { return *files_; }

  // As it is now: opened again when another process has added to it. Errors: those of Dataset::open.
  Result<std::shared_ptr<const dataset::Dataset>> open(const std::string& name);

  // A snapshot's selection, with its name in full.
  struct View {
    std::string snapshot;
    dataset::StreamView view;
  };
  // The last eight are kept. Errors: those of Snapshots::find and make_view.
  Result<std::shared_ptr<const View>> view(const std::string& name, const std::string& snapshot,
                                           dataset::Selection selection);

 private:
  struct Held {
    std::uint64_t bytes = 0;  // of the logs, when it was opened
    std::shared_ptr<const dataset::Dataset> set;
  };
  const Config& config_;
  std::unique_ptr<io::FileSystem> files_;
  std::mutex mutex_;
  std::map<std::string, Held> sets_;
  std::map<std::string, std::shared_ptr<const View>> views_;
};

}  // namespace renvoi::app
