// dataset add, list, show, items, cat, settings, remove, check, repair.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "capture/list_source.h"
#include "capture/warc_source.h"
#include "commands/dataset_support.h"
#include "dataset/sources.h"

namespace renvoi::app {
namespace {

using namespace dataset;

struct AddOptions {
  std::string name, source, kind = "auto", labels = "none", images;
  bool trust_labels = false, again = false, allow_private = false;
};

// What an address on the command line stands for, when nobody says.
std::string kind_of(const std::filesystem::path& source) {
  std::error_code error;
  if (std::filesystem::is_directory(source, error)) return "folder";
  std::string name = source.filename().string();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto ends = [&](std::initializer_list<std::string_view> with) {
    return std::any_of(with.begin(), with.end(), [&](std::string_view one) { return name.ends_with(one); });
  };
  if (ends({".warc", ".warc.gz"})) return "warc";
  if (ends({".json"})) return "coco";
  if (ends({".csv", ".jsonl", ".txt"})) return "list";
  return "archive";
}

Result<std::unique_ptr<EntrySource>> make_source(Context& context, const AddOptions& options, io::FileSystem& files,
                                                 net::HttpClient& client, const Clock& clock, std::stop_token stop) {
  const std::string kind = options.kind == "auto" ? kind_of(options.source) : options.kind;
  const FolderLabels labels = options.labels == "imagefolder" ? FolderLabels::imagefolder : FolderLabels::none;
  if (kind == "folder") return folder_source(files, options.source, labels);
  if (kind == "coco") return coco_source(files, options.source, options.images);
  if (kind == "warc") return capture::warc_source(options.source);
  if (kind == "archive") return archive_source(options.source, labels);
  capture::ListOptions list;
  list.addresses = options.allow_private ? net::AddressPolicy::allow_private : net::AddressPolicy::global_only;
  list.robots_agent = context.config.fetch.robots_agent;
  list.min_delay_ms = context.config.source.min_delay_ms;
  return capture::list_source(files, options.source, client, clock, list, std::move(stop));
}

Result<void> run_add(Context& context, const AddOptions& options) {
  RENVOI_TRY(const auto folder, dataset_folder(context.config, options.name));
  const auto files = io::real_file_system();
  const std::stop_token stop = context.interrupts.stop_cleanly("stopping; run the command again to go on");
  const SystemClock clock;
  net::HttpClient client(client_options(context.config));
  // The source first: a name that was mistyped makes no dataset.
  RENVOI_TRY(const auto source, make_source(context, options, *files, client, clock, stop));
  RENVOI_TRY(const auto set, Dataset::open(*files, folder, Mode::write));
  RENVOI_TRY(const auto assertions, AssertionStore::open(*files, folder, Mode::write));
  CaptureOptions capturing;
  capturing.trust_labels = options.trust_labels;
  capturing.again = options.again;
  capturing.on_progress = [&](const CaptureReport& report) {
    context.output.note(fmt::format("{} captured, {} known", counted(report.added, "item", "items"), report.known));
  };
  RENVOI_TRY(const CaptureReport report, dataset::capture(*set, assertions.get(), *source, clock, capturing, stop));
  for (const std::string& problem : report.problems) context.output.note(printable(problem));
  context.output.line(fmt::format("{}: {} added ({}), {} known, {} labels, {}{}", options.name,
                                  counted(report.added, "item", "items"), human_bytes(report.bytes), report.known,
                                  report.labels, counted(report.problem_count, "problem", "problems"),
                                  report.complete ? "" : "; interrupted: run it again to go on"));
  context.output.value(json_of(report));
  if (report.problem_count > 0) context.exit_status = kExitProblems;
  return {};
}

Result<void> run_list(Context& context) {
  const auto files = io::real_file_system();
  RENVOI_TRY(const auto names, list_datasets(*files, context.config.data / "datasets"));
  for (const std::string& name : names) context.output.line(name);
  if (names.empty()) context.output.line("There are no datasets yet: 'renvoi dataset add NAME SOURCE' makes one.");
  context.output.value({{"datasets", names}});
  return {};
}

Result<void> run_show(Context& context, const std::string& name) {
  RENVOI_TRY(const OpenDataset open, open_dataset(context.config, name));
  RENVOI_TRY(const Json summary, summary_of(name, *open.set, *open.assertions, *open.snapshots));
  const auto number = [&](const char* field) { return summary[field].get<std::uint64_t>(); };
  context.output.line(fmt::format("{}: {}, {} removed, {} of bytes in {} on disk", name,
                                  counted(number("items"), "item", "items"), number("removed"),
                                  human_bytes(number("bytes")), human_bytes(number("disk_bytes"))));
  for (const auto& [state, count] : summary["states"].items())
    context.output.line(fmt::format("  {:<10} {}", state, count.get<std::uint64_t>()));
  for (const auto& [label, count] : summary["classes"].items())
    context.output.line(fmt::format("  class {:<20} {}", printable(label), count.get<std::uint64_t>()));
  for (const auto& source : summary["sources"])
    context.output.line(fmt::format("  from {} {}{}", source["kind"].get<std::string>(),
                                    printable(source["address"].get<std::string>()),
                                    source["finished_at"].is_null() ? " (not finished: run add again)" : ""));
  context.output.line(fmt::format("  {}, {}", counted(number("assertions"), "assertion", "assertions"),
                                  counted(number("snapshots"), "snapshot", "snapshots")));
  context.output.value(summary);
  return {};
}

struct ItemsOptions {
  std::string name;
  std::uint32_t from = 0, limit = 100;
};

Result<void> run_items(Context& context, const ItemsOptions& options) {
  RENVOI_TRY(const OpenDataset open, open_dataset(context.config, options.name));
  Json items = Json::array();
  const std::uint64_t end = std::min<std::uint64_t>(open.set->count(), std::uint64_t{options.from} + options.limit);
  for (std::uint64_t number = options.from; number < end; ++number) {
    const auto item_number = static_cast<ItemNumber>(number);
    RENVOI_TRY(const Item item, open.set->item(item_number));
    RENVOI_TRY(const auto assertions, open.assertions->of(item_number));
    const ItemState state = derive(assertions, open.assertions->agents(), open.set->settings().rule);
    const std::string label = state.answers.empty() ? "" : state.answers.front().body.value;
    context.output.line(fmt::format("{:>8}  {:<9} {:<16} {}{}", number, dataset::to_string(state.state),
                                    printable(label), printable(item.origin),
                                    open.set->is_removed(item_number) ? "  (removed)" : ""));
    items.push_back(json_of(item, *open.set));
    items.back().update(json_of(state));
  }
  context.output.value({{"items", items}});
  return {};
}

Result<void> run_cat(Context& context, const std::string& name, std::uint32_t item) {
  RENVOI_TRY(const OpenDataset open, open_dataset(context.config, name));
  RENVOI_TRY(const std::string bytes, open.set->bytes(item));
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size())
    return Error{ErrorCode::exhausted, "cannot write to standard output"};
  return {};
}

struct SettingsOptions {
  std::string name;
  std::optional<std::uint32_t> agree, asked;
  std::vector<std::string> classes;
  std::optional<std::string> title, description, licence;
};

Result<void> run_settings(Context& context, const SettingsOptions& options) {
  RENVOI_TRY(const auto folder, dataset_folder(context.config, options.name));
  const auto files = io::real_file_system();
  { RENVOI_TRY(const auto known, Dataset::open(*files, folder, Mode::read)); }  // does not make one
  RENVOI_TRY(const auto set, Dataset::open(*files, folder, Mode::write));
  Settings settings = set->settings();
  if (options.agree) settings.rule.agree = *options.agree;
  if (options.asked) settings.rule.asked = *options.asked;
  if (!options.asked && settings.rule.asked < settings.rule.agree) settings.rule.asked = settings.rule.agree;
  if (!options.classes.empty()) settings.classes = options.classes;
  settings.title = options.title.value_or(settings.title);
  settings.description = options.description.value_or(settings.description);
  settings.licence = options.licence.value_or(settings.licence);
  if (settings != set->settings()) RENVOI_CHECK(set->set_settings(settings));
  context.output.line(to_json(settings));
  context.output.value(json_of(settings));
  return {};
}

Result<void> run_remove(Context& context, const std::string& name, const std::vector<std::uint32_t>& items,
                        const std::string& reason) {
  RENVOI_TRY(const auto folder, dataset_folder(context.config, name));
  const auto files = io::real_file_system();
  { RENVOI_TRY(const auto known, Dataset::open(*files, folder, Mode::read)); }
  RENVOI_TRY(const auto set, Dataset::open(*files, folder, Mode::write));
  RENVOI_TRY(const auto removed, set->remove(items, reason, SystemClock().now()));
  context.output.line(fmt::format("{} removed: their bytes are overwritten in every pack, the digests stay",
                                  counted(removed.size(), "item", "items")));
  context.output.value({{"removed", removed}});
  return {};
}

Result<void> run_check(Context& context, const std::string& name) {
  RENVOI_TRY(const auto folder, dataset_folder(context.config, name));
  const auto files = io::real_file_system();
  if (!files->exists(folder)) return Error{ErrorCode::not_found, fmt::format("there is no dataset {}", name)};
  std::vector<std::string> problems;
  const auto check = [&](auto opened) {
    if (opened.ok())
      (*opened)->check(problems);
    else
      problems.push_back(opened.error().message);
  };
  check(Dataset::open(*files, folder, Mode::read));
  check(AssertionStore::open(*files, folder, Mode::read));
  check(Snapshots::open(*files, folder, Mode::read));
  for (const std::string& problem : problems) context.output.line(printable(problem));
  if (problems.empty()) context.output.line(name + " is sound: every byte was read and checked");
  context.output.value({{"sound", problems.empty()}, {"problems", problems}});
  if (!problems.empty()) context.exit_status = kExitCorrupt;
  return {};
}

Result<void> run_repair(Context& context, const std::string& name) {
  RENVOI_TRY(const auto folder, dataset_folder(context.config, name));
  const auto files = io::real_file_system();
  RENVOI_TRY(const io::FileLock lock, io::FileLock::acquire(folder / "lock"));
  RENVOI_TRY(const std::uint32_t lost, rebuild_blob_log(*files, folder / "blobs"));
  context.output.line(fmt::format("blobs.log was built again from the packs; {} cannot be read any more",
                                  counted(lost, "blob", "blobs")));
  context.output.value({{"lost", lost}});
  return {};
}

}  // namespace

void declare_dataset_capture_commands(CLI::App& group, Context& context) {
  const auto add_options = std::make_shared<AddOptions>();
  CLI::App* add = add_command(group, "add", "Capture a folder, an archive, a list of addresses, a WARC or a COCO file",
                              "  renvoi dataset add faces ~/faces --labels imagefolder\n"
                              "  renvoi dataset add birds instances.json --images ~/birds --trust-labels\n"
                              "  renvoi dataset add web urls.csv\n");
  add->add_option("NAME", add_options->name, "The dataset; made when it is not there")->required();
  add->add_option("SOURCE", add_options->source, "A folder or a file")->required();
  add->add_option("--kind", add_options->kind, "What SOURCE is; auto: by its name")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "folder", "archive", "list", "warc", "coco"}));
  add->add_option("--labels", add_options->labels, "imagefolder: the folder a file is in is its class")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "imagefolder"}));
  add->add_option("--images", add_options->images, "Where the images of a COCO file are [its folder]");
  add->add_flag("--trust-labels", add_options->trust_labels, "Labels that come with it are verified, not proposed");
  add->add_flag("--again", add_options->again, "Read what is known too; what has changed becomes a new item");
  add->add_flag("--allow-private", add_options->allow_private, "Addresses on private networks may be fetched");
  add->callback(
      [&context, add_options] { context.run = [&context, add_options] { return run_add(context, *add_options); }; });

  CLI::App* list = add_command(group, "list", "List the datasets", "");
  list->callback([&context] { context.run = [&context] { return run_list(context); }; });

  const auto name = std::make_shared<std::string>();
  const auto declare = [&](const char* command, const char* about, Result<void> (*run)(Context&, const std::string&)) {
    CLI::App* declared = add_command(group, command, about, "");
    declared->add_option("NAME", *name, "The dataset")->required();
    declared->callback([&context, name, run] { context.run = [&context, name, run] { return run(context, *name); }; });
  };
  declare("show", "What is in a dataset", run_show);
  declare("check", "Read every byte and verify it", run_check);
  declare("repair", "Build blobs.log again from the packs", run_repair);

  const auto items_options = std::make_shared<ItemsOptions>();
  CLI::App* items = add_command(group, "items", "List items", "");
  items->add_option("NAME", items_options->name, "The dataset")->required();
  items->add_option("--from", items_options->from, "The first item's number")->capture_default_str();
  items->add_option("--limit", items_options->limit, "How many")->capture_default_str();
  items->callback([&context, items_options] {
    context.run = [&context, items_options] { return run_items(context, *items_options); };
  });

  const auto number = std::make_shared<std::uint32_t>();
  CLI::App* cat = add_command(group, "cat", "Write an item's bytes to standard output", "");
  cat->add_option("NAME", *name, "The dataset")->required();
  cat->add_option("ITEM", *number, "Its number")->required();
  cat->callback([&context, name, number] {
    context.run = [&context, name, number] { return run_cat(context, *name, *number); };
  });

  const auto settings_options = std::make_shared<SettingsOptions>();
  CLI::App* settings = add_command(group, "settings", "Show or change a dataset's settings",
                                   "  renvoi dataset settings faces --agree 2 --asked 3\n");
  settings->add_option("NAME", settings_options->name, "The dataset")->required();
  settings->add_option("--agree", settings_options->agree, "So many people must agree for 'verified'");
  settings->add_option("--asked", settings_options->asked, "So many are asked at most");
  settings->add_option("--class", settings_options->classes, "A class there may be; repeat it for each");
  settings->add_option("--title", settings_options->title, "For the datasheet");
  settings->add_option("--description", settings_options->description, "For the datasheet");
  settings->add_option("--licence", settings_options->licence, "Of the dataset as a whole");
  settings->callback([&context, settings_options] {
    context.run = [&context, settings_options] { return run_settings(context, *settings_options); };
  });

  const auto doomed = std::make_shared<std::vector<std::uint32_t>>();
  const auto reason = std::make_shared<std::string>();
  CLI::App* remove =
      add_command(group, "remove", "Remove items on request: their bytes are overwritten, a tombstone stays", "");
  remove->add_option("NAME", *name, "The dataset")->required();
  remove->add_option("ITEM", *doomed, "Their numbers")->required();
  remove->add_option("--reason", *reason, "Why; kept with the tombstone")->required();
  remove->callback([&context, name, doomed, reason] {
    context.run = [&context, name, doomed, reason] { return run_remove(context, *name, *doomed, *reason); };
  });
}

}  // namespace renvoi::app
