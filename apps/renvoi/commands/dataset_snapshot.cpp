// dataset snapshot, snapshots, diff, datasheet, stream.
#include <fmt/format.h>

#include <cstdio>

#include "commands/dataset_support.h"
#include "dataset/datasheet.h"

namespace renvoi::app {
namespace {

using namespace dataset;

Result<void> run_snapshot(Context& context, const std::string& name, const std::string& note) {
  RENVOI_TRY(const auto folder, dataset_folder(context.config, name));
  const auto files = io::real_file_system();
  // Assertions first: then every item they are about is in the dataset that is read next.
  { RENVOI_TRY(const auto known, Dataset::open(*files, folder, Mode::read)); }
  RENVOI_TRY(const auto assertions, AssertionStore::open(*files, folder, Mode::read));
  RENVOI_TRY(const auto set, Dataset::open(*files, folder, Mode::read));
  RENVOI_TRY(const auto snapshots, Snapshots::open(*files, folder, Mode::write));
  RENVOI_TRY(const SnapshotInfo info, snapshots->make(*set, *assertions, note, SystemClock().now()));
  context.output.line(fmt::format("{}  {}, {}", info.name, counted(info.items, "item", "items"),
                                  counted(info.assertions, "assertion", "assertions")));
  context.output.value(json_of(info));
  return {};
}

Result<void> run_snapshots(Context& context, const std::string& name) {
  RENVOI_TRY(const OpenDataset open, open_dataset(context.config, name));
  Json list = Json::array();
  for (const SnapshotInfo& info : open.snapshots->list()) {
    context.output.line(fmt::format("{}  {}  {}, {}  {}", info.name.substr(0, 16), to_rfc3339(info.made_at),
                                    counted(info.items, "item", "items"),
                                    counted(info.assertions, "assertion", "assertions"), printable(info.note)));
    list.push_back(json_of(info));
  }
  context.output.value({{"snapshots", list}});
  return {};
}

Result<void> run_diff(Context& context, const std::string& name, const std::string& one, const std::string& other) {
  RENVOI_TRY(const OpenDataset open, open_dataset(context.config, name));
  RENVOI_TRY(const Snapshot before, open.snapshots->open_snapshot(one));
  RENVOI_TRY(const Snapshot after, open.snapshots->open_snapshot(other));
  Json changes = Json::array();
  std::uint64_t counts[3] = {};
  static constexpr const char* kWhat[] = {"added", "annotated", "removed"};
  constexpr std::size_t kMaxChanges = 100'000;
  RENVOI_CHECK(diff(before, after, [&](const ItemChange& change) {
    const auto what = static_cast<std::size_t>(change.what);
    ++counts[what];
    if (changes.size() >= kMaxChanges) return true;
    context.output.line(fmt::format("{:>8}  {:<9} {}  {} -> {}", change.item, kWhat[what], printable(change.origin),
                                    printable(change.before), printable(change.after)));
    changes.push_back({{"item", change.item},
                       {"what", kWhat[what]},
                       {"origin", change.origin},
                       {"before", change.before},
                       {"after", change.after}});
    return true;
  }));
  context.output.line(fmt::format("{} added, {} annotated, {} removed", counts[0], counts[1], counts[2]));
  context.output.value({{"added", counts[0]}, {"annotated", counts[1]}, {"removed", counts[2]}, {"changes", changes}});
  return {};
}

Result<void> run_datasheet(Context& context, const std::string& name, const std::string& which,
                           const std::string& output) {
  RENVOI_TRY(const OpenDataset open, open_dataset(context.config, name));
  RENVOI_TRY(const Snapshot snapshot, open.snapshots->open_snapshot(which));
  RENVOI_TRY(const std::string page, datasheet(snapshot, name));
  RENVOI_CHECK(open.files->replace(output, std::as_bytes(std::span(page))));
  context.output.line(output);
  context.output.value({{"snapshot", snapshot.name()}, {"file", output}});
  return {};
}

struct StreamOptions {
  std::string name, snapshot = "latest", select = "verified", output = "-";
  StreamSpec spec;
  bool in_order = false;
  std::uint64_t from = 0, count = ~std::uint64_t{0};
};

Result<void> run_stream(Context& context, StreamOptions options) {
  RENVOI_TRY(const OpenDataset open, open_dataset(context.config, options.name));
  RENVOI_TRY(const Snapshot snapshot, open.snapshots->open_snapshot(options.snapshot));
  RENVOI_TRY(const StreamView view, make_view(snapshot, *parse_selection(options.select)));
  options.spec.shuffled = !options.in_order;
  RENVOI_TRY(const StreamOrder order, StreamOrder::make(view, options.spec));
  std::FILE* out = options.output == "-" ? stdout : std::fopen(options.output.c_str(), "wb");
  if (out == nullptr) return Error{ErrorCode::denied, fmt::format("cannot write {}", options.output)};
  const std::uint64_t end = order.size() - std::min(order.size(), options.from) <= options.count
                                ? order.size()
                                : options.from + options.count;
  std::string tar;
  std::uint64_t written = 0;
  const auto flush = [&]() -> Result<void> {
    if (std::fwrite(tar.data(), 1, tar.size(), out) != tar.size())
      return Error{ErrorCode::exhausted, fmt::format("cannot write {}", options.output)};
    tar.clear();
    return {};
  };
  const auto write = [&]() -> Result<void> {
    for (std::uint64_t position = options.from; position < end; ++position, ++written) {
      RENVOI_TRY(const Sample sample, read_sample(*open.set, view, order, position));
      append_tar(tar, sample, view);
      if (tar.size() > (1u << 20)) RENVOI_CHECK(flush());
    }
    end_tar(tar);
    return flush();
  };
  Result<void> done = write();
  if (out != stdout && std::fclose(out) != 0 && done.ok())
    done = Error{ErrorCode::exhausted, fmt::format("cannot write {}", options.output)};
  RENVOI_CHECK(done);
  context.output.note(
      fmt::format("{} of {}, snapshot {}", counted(written, "sample", "samples"), order.size(), snapshot.name()));
  return {};
}

}  // namespace

void declare_dataset_snapshot_commands(CLI::App& group, Context& context) {
  struct Options {
    std::string name, note, one, other = "latest";
  };
  const auto options = std::make_shared<Options>();
  CLI::App* snapshot =
      add_command(group, "snapshot", "Keep the dataset as it is now, under a name that is its content", "");
  snapshot->add_option("NAME", options->name, "The dataset")->required();
  snapshot->add_option("--note", options->note, "What it is for");
  snapshot->callback([&context, options] {
    context.run = [&context, options] { return run_snapshot(context, options->name, options->note); };
  });
  CLI::App* list = add_command(group, "snapshots", "List the snapshots", "");
  list->add_option("NAME", options->name, "The dataset")->required();
  list->callback(
      [&context, options] { context.run = [&context, options] { return run_snapshots(context, options->name); }; });
  CLI::App* compare = add_command(group, "diff", "What changed between two snapshots", "");
  compare->add_option("NAME", options->name, "The dataset")->required();
  compare->add_option("BEFORE", options->one, "The beginning of a snapshot's name")->required();
  compare->add_option("AFTER", options->other, "Another")->capture_default_str();
  compare->callback([&context, options] {
    context.run = [&context, options] { return run_diff(context, options->name, options->one, options->other); };
  });
  const auto sheet_options = std::make_shared<Options>();
  CLI::App* sheet = add_command(group, "datasheet", "What is in a snapshot, as a page with plots", "");
  sheet->add_option("NAME", sheet_options->name, "The dataset")->required();
  sheet->add_option("--snapshot", sheet_options->other, "The beginning of its name")->capture_default_str();
  sheet->add_option("--output", sheet_options->one, "The HTML file to write")->required();
  sheet->callback([&context, sheet_options] {
    context.run = [&context, sheet_options] {
      return run_datasheet(context, sheet_options->name, sheet_options->other, sheet_options->one);
    };
  });
  const auto streaming = std::make_shared<StreamOptions>();
  CLI::App* stream =
      add_command(group, "stream", "Write samples as a WebDataset tar, in an order that can be had again",
                  "  renvoi dataset stream faces --seed 7 --epoch 2 --from 1000 --count 500 --output part.tar\n");
  stream->add_option("NAME", streaming->name, "The dataset")->required();
  stream->add_option("--snapshot", streaming->snapshot, "The beginning of its name")->capture_default_str();
  stream->add_option("--select", streaming->select, "Which items")
      ->capture_default_str()
      ->check(CLI::IsMember({"verified", "annotated", "all"}));
  stream->add_option("--seed", streaming->spec.seed, "Of the order")->capture_default_str();
  stream->add_option("--epoch", streaming->spec.epoch, "Of the order")->capture_default_str();
  stream->add_flag("--in-order", streaming->in_order, "As they were captured");
  stream->add_flag("--balanced", streaming->spec.balanced, "Each class equally often");
  stream->add_option("--from", streaming->from, "The first position")->capture_default_str();
  stream->add_option("--count", streaming->count, "So many samples [to the end of the epoch]");
  stream->add_option("--output", streaming->output, "A file; -: standard output")->capture_default_str();
  stream->callback(
      [&context, streaming] { context.run = [&context, streaming] { return run_stream(context, *streaming); }; });
}

}  // namespace renvoi::app
