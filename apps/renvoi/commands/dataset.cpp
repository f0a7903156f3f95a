// dataset: the store of training data. Its commands are in dataset_capture, dataset_annotate and dataset_snapshot.
#include "commands/dataset_support.h"

namespace renvoi::app {

Result<OpenDataset> open_dataset(const Config& config, const std::string& name) {
  OpenDataset open;
  RENVOI_TRY(open.folder, dataset_folder(config, name));
  open.files = io::real_file_system();
  RENVOI_TRY(open.set, dataset::Dataset::open(*open.files, open.folder, dataset::Mode::read));
  RENVOI_TRY(open.assertions, dataset::AssertionStore::open(*open.files, open.folder, dataset::Mode::read));
  RENVOI_TRY(open.snapshots, dataset::Snapshots::open(*open.files, open.folder, dataset::Mode::read));
  return open;
}

void declare_dataset_commands(CLI::App& app, Context& context) {
  CLI::App* group = add_command(app, "dataset", "Training data: captured once, annotated by people, the same for ever",
                                "  renvoi dataset add faces ~/faces --labels imagefolder\n"
                                "  renvoi dataset verify faces --as anna\n"
                                "  renvoi dataset snapshot faces\n"
                                "  renvoi dataset stream faces --seed 1 --output epoch.tar\n");
  group->require_subcommand(1);
  declare_dataset_capture_commands(*group, context);
  declare_dataset_annotate_commands(*group, context);
  declare_dataset_snapshot_commands(*group, context);
}

}  // namespace renvoi::app
