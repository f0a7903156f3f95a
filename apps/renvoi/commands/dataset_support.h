// What the commands on datasets share.
#pragma once

#include "commands/command.h"
#include "dataset_view.h"

namespace renvoi::app {

// A dataset with what lies beside it, for reading.
struct OpenDataset {
  std::unique_ptr<io::FileSystem> files;
  std::filesystem::path folder;
  std::unique_ptr<dataset::Dataset> set;
  std::unique_ptr<dataset::AssertionStore> assertions;
  std::unique_ptr<dataset::Snapshots> snapshots;
};
// Errors: `not_found`, `corrupt`, ...
Result<OpenDataset> open_dataset(const Config& config, const std::string& name);

void declare_dataset_capture_commands(CLI::App& group, Context& context);   // add, list, show, items, cat, remove, ...
void declare_dataset_annotate_commands(CLI::App& group, Context& context);  // assert, verify, agreement, attention
void declare_dataset_snapshot_commands(CLI::App& group, Context& context);  // snapshot, snapshots, diff, stream

}  // namespace renvoi::app
