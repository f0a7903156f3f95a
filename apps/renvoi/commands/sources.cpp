// add, sync, sources, remove: what the collection is made of.
#include <fmt/format.h>

#include <optional>

#include "commands/command.h"
#include "crawl/sync.h"
#include "json_view.h"
#include "progress.h"

namespace renvoi::app {
namespace {

constexpr const char* kStopping =
    "\nStopping; what is indexed is kept, and the same command goes on from here. Ctrl-C again ends at once.\n";

struct AddOptions {
  std::string source, kind, retention, prefix;
  std::optional<std::uint32_t> depth, max_pages, delay_ms, requests_per_minute;
  std::optional<std::int64_t> revisit_s;
  bool allow_private = false, sitemaps = false, serve_gone = false, no_robots = false, no_sync = false, force = false,
       fast = false;
};

struct SyncCommandOptions {
  std::string source;
  bool force = false, fast = false, accept_deaths = false;
};

Result<catalog::Source> describe(const AddOptions& options, const Config& config) {
  catalog::SourcePolicy policy = config.source;
  if (!options.retention.empty()) policy.retention = *catalog::parse_retention(options.retention);
  if (options.depth) policy.max_depth = *options.depth;
  if (options.max_pages) policy.max_pages = *options.max_pages;
  if (options.delay_ms) policy.min_delay_ms = *options.delay_ms;
  if (options.revisit_s) policy.revisit_after_s = *options.revisit_s;
  if (!options.prefix.empty()) policy.path_prefix = options.prefix;
  policy.allow_private_addresses = options.allow_private;
  policy.obey_robots = !options.no_robots;
  policy.use_sitemaps = options.sitemaps;
  policy.serve_gone = options.serve_gone;
  if (options.requests_per_minute) policy.requests_per_minute = *options.requests_per_minute;
  const auto kind = options.kind.empty() ? std::nullopt : catalog::parse_source_kind(options.kind);
  return crawl::describe_source(options.source, kind, policy);
}

void print_problems(const Output& output, const ingest::IngestReport& report) {
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < report.sync.problems.size() && i < kShown; ++i) {
    const auto& problem = report.sync.problems[i];
    output.line(fmt::format("  not read: {}: {}", printable(problem.address), printable(problem.reason)));
  }
  if (report.sync.problems.size() > kShown) {
    output.line(fmt::format("  ... and {} more (--json lists them)", report.sync.problems.size() - kShown));
  }
  if (report.sync.held) {
    output.line("  more than half of its pages are missing at once: nothing was declared dead. Is the site in order?");
  }
}

// What is searchable by the first tier only, and who does the rest.
void tell_what_waits(const Context& context, Engine& engine) {
  if (const EmbeddingModel* next = engine.next_model(); next != nullptr) {
    if (const auto change = engine.collection().change())
      context.output.note(fmt::format(
          "The index is being changed to the model {}: {} of {} encoded. 'renvoi encode' goes on, or 'renvoi serve' "
          "while it runs; until then the present model serves.",
          next->manifest.name, change->documents_done,
          counted(change->documents_done + change->documents_waiting, "page", "pages")));
    return;
  }
  const std::size_t pages = engine.collection().only_in_first_tier().size();
  if (pages == 0) return;
  context.output.note(
      fmt::format("{} searchable, and not encoded yet: 'renvoi encode' or the next 'renvoi sync' does "
                  "that, or 'renvoi serve' while it runs.",
                  counted(pages, "page is", "pages are")));
}

void print_report(const Output& output, const catalog::Source& source, const ingest::IngestReport& report) {
  const auto& totals = report.sync.totals;
  output.line(fmt::format("{}: {} new, {} changed, {} unchanged, {} gone; {} indexed in {}", printable(source.address),
                          totals.new_documents, totals.changed_documents, totals.unchanged, totals.gone,
                          counted(report.passages_indexed, "passage", "passages"), human_seconds(report.seconds)));
  print_problems(output, report);
}

// Waits for the fit that the ingest began, if it did. Without it the tables in use serve on.
Result<void> finish_tables(Context& context, Engine& engine, const std::stop_token& stop) {
  if (engine.fitter()->status().fitting && !stop.stop_requested())
    context.output.note("Fitting the table of token vectors to the collection (Ctrl-C leaves it as it is).");
  return engine.settle_tables(ingest::TableFitter::Wait::yes, stop);
}

// One source through the write path. Stopped is not an error: the report says it is not complete.
Result<ingest::IngestReport> sync_one(Context& context, Engine& engine, const catalog::Source& source,
                                      const Engine::Pass& pass, bool fast, std::stop_token stop) {
  Progress progress(context.output);
  return engine.ingest(
      source, pass, fast ? Engine::Depth::first_tier : Engine::Depth::full,
      [&](const ingest::IngestProgress& now) { progress.show(now); }, stop);
}

// A source of which nothing at all could be read is not kept: a mistyped address must not stay in the list.
Result<void> refuse_if_nothing_was_read(Engine& engine, const catalog::Source& source,
                                        const ingest::IngestReport& report) {
  if (report.sync.problems.empty()) return {};
  RENVOI_TRY(const auto counts, engine.collection().catalog().counts(source.id));
  if (counts.indexed > 0) return {};
  RENVOI_CHECK(engine.collection().remove_source(source.id));
  const auto& first = report.sync.problems.front();
  return Error{
      ErrorCode::invalid,
      fmt::format(
          "nothing could be read, so the source was not kept: {}: {}{}", first.address, first.reason,
          report.sync.problems.size() > 1 ? fmt::format(" (and {} more)", report.sync.problems.size() - 1) : "")};
}

Result<void> run_add(Context& context, const AddOptions& options) {
  RENVOI_TRY(const catalog::Source described, describe(options, context.config));
  RENVOI_TRY(auto engine, Engine::open(context.config, Access::write, context.notify()));
  RENVOI_TRY(const auto before, engine->collection().catalog().sources());
  const std::stop_token stop = context.interrupts.stop_cleanly(kStopping);
  catalog::Source wanted = options.kind.empty() && !options.no_sync ? engine->recognise(described, stop) : described;
  wanted.added_at = engine->clock().now();
  RENVOI_TRY(const catalog::Source source, engine->collection().catalog().add_source(wanted));
  bool is_new = true;
  for (const auto& each : before) is_new = is_new && each.id != source.id;
  if (options.no_sync) {
    context.output.line(fmt::format("source {} added: {} (read it with 'renvoi sync {}')", to_number(source.id),
                                    printable(source.address), to_number(source.id)));
    context.output.value({{"source", json_of(source)}, {"report", nullptr}});
    return {};
  }
  auto report = sync_one(context, *engine, source, {.force = options.force}, options.fast, stop);
  if (!report) {
    if (is_new && !stop.stop_requested()) {
      const auto forgotten = engine->collection().remove_source(source.id);
      if (!forgotten) context.output.note("the source could not be removed again: " + forgotten.error().message);
    }
    return std::move(report).error();
  }
  tell_what_waits(context, *engine);
  if (is_new && !stop.stop_requested()) RENVOI_CHECK(refuse_if_nothing_was_read(*engine, source, *report));
  print_report(context.output, source, *report);
  context.output.value({{"source", json_of(source)}, {"report", json_of(*report)}});
  if (!report->sync.complete) {
    context.output.note(stop.stop_requested() ? "Stopped. The same command goes on from here."
                                              : "Not everything was read (see --max-pages); 'renvoi sync' goes on.");
  }
  RENVOI_CHECK(finish_tables(context, *engine, stop));
  if (stop.stop_requested()) context.exit_status = kExitInterrupted;
  return {};
}

Result<void> run_sync(Context& context, const SyncCommandOptions& options) {
  RENVOI_TRY(auto engine, Engine::open(context.config, Access::write, context.notify()));
  RENVOI_TRY(std::vector<catalog::Source> sources, engine->collection().catalog().sources());
  if (!options.source.empty()) {
    RENVOI_TRY(const catalog::Source one, engine->find_source(options.source));
    sources = {one};
  }
  const std::stop_token stop = context.interrupts.stop_cleanly(kStopping);
  Json all = Json::array();
  std::optional<Error> failure;
  for (const auto& source : sources) {
    if (stop.stop_requested()) break;
    auto report = sync_one(context, *engine, source, {options.force, options.accept_deaths}, options.fast, stop);
    if (!report) {  // the others have nothing to do with it
      if (stop.stop_requested()) break;
      failure = report.error().in(source.address);
      context.output.note("renvoi: " + printable(failure->message));
      all.push_back({{"source", json_of(source)}, {"error", failure->message}});
      continue;
    }
    print_report(context.output, source, *report);
    all.push_back({{"source", json_of(source)}, {"report", json_of(*report)}});
  }
  if (sources.empty()) context.output.line("There are no sources yet: 'renvoi add FOLDER-OR-URL' makes one.");
  tell_what_waits(context, *engine);
  context.output.value({{"sources", all}});
  RENVOI_CHECK(finish_tables(context, *engine, stop));
  if (stop.stop_requested()) context.exit_status = kExitInterrupted;
  if (failure && sources.size() == 1) return *failure;
  if (failure) context.exit_status = kExitProblems;
  return {};
}

Result<void> run_encode(Context& context, const std::string& what) {
  RENVOI_TRY(auto engine, Engine::open(context.config, Access::write, context.notify()));
  std::optional<SourceId> source;
  if (!what.empty()) {
    RENVOI_TRY(const catalog::Source one, engine->find_source(what));
    source = one.id;
  }
  const std::stop_token stop = context.interrupts.stop_cleanly(kStopping);
  Progress progress(context.output);
  const EmbeddingModel* const next = engine->next_model();
  auto report = engine->encode_waiting(
      source, Engine::Pace::fast, [&](const ingest::IngestProgress& now) { progress.show(now); }, stop);
  progress.finish();
  if (!report) return std::move(report).error();
  context.output.line(fmt::format(
      "{} of {} encoded in {}, {} gone", counted(report->passages_encoded, "passage", "passages"),
      counted(report->documents_encoded, "page", "pages"), human_seconds(report->seconds), report->sync.totals.gone));
  print_problems(context.output, *report);
  const bool switched = next != nullptr && engine->next_model() == nullptr;
  if (switched) context.output.line(fmt::format("the index is that of the model {} now", next->manifest.name));
  tell_what_waits(context, *engine);
  context.output.value({{"report", json_of(*report)},
                        {"first_tier_pages", engine->collection().only_in_first_tier().size()},
                        {"model_change_pages_waiting", engine->collection().waiting_for_next().size()},
                        {"switched", switched}});
  RENVOI_CHECK(finish_tables(context, *engine, stop));
  if (stop.stop_requested()) context.exit_status = kExitInterrupted;
  return {};
}

Result<void> run_sources(Context& context) {
  RENVOI_TRY(auto engine, Engine::open(context.config, Access::read, context.notify()));
  auto& catalog = engine->collection().catalog();
  RENVOI_TRY(const auto sources, catalog.sources());
  Json list = Json::array();
  for (const auto& source : sources) {
    RENVOI_TRY(const auto counts, catalog.counts(source.id));
    context.output.line(
        fmt::format("{:>4}  {:<8} {}", to_number(source.id), to_string(source.kind), printable(source.address)));
    context.output.line(fmt::format("      {}, last read {}{}", counted(counts.indexed, "page", "pages"),
                                    source.synced_at == 0 ? "never (or not to the end)" : to_rfc3339(source.synced_at),
                                    source.last_outcome.empty() ? "" : ": " + printable(source.last_outcome)));
    Json each = json_of(source);
    each["pages"] = counts.indexed;
    list.push_back(each);
  }
  if (sources.empty()) context.output.line("There are no sources yet: 'renvoi add FOLDER-OR-URL' makes one.");
  context.output.value({{"sources", list}});
  return {};
}

Result<void> run_remove(Context& context, const std::string& what) {
  RENVOI_TRY(auto engine, Engine::open(context.config, Access::write, context.notify()));
  auto& collection = engine->collection();
  if (auto source = engine->find_source(what)) {
    RENVOI_TRY(const auto counts, collection.catalog().counts(source->id));
    RENVOI_CHECK(collection.remove_source(source->id));
    RENVOI_CHECK(collection.compact());
    RENVOI_CHECK(engine->fitter()->forget_missing());
    context.output.line(fmt::format("forgotten: source {} {} and its {}", to_number(source->id),
                                    printable(source->address), counted(counts.references, "reference", "references")));
    context.output.value({{"removed", {{"source", to_number(source->id)}, {"references", counts.references}}}});
    return {};
  }
  RENVOI_TRY(auto reference, collection.catalog().find_reference(what));
  if (!reference && what.starts_with('/')) {
    RENVOI_TRY(reference, collection.catalog().find_reference(net::file_url(what)));
  }
  if (!reference) {
    return Error{ErrorCode::not_found,
                 fmt::format("there is neither a source nor a page '{}': 'renvoi sources' lists the sources", what)};
  }
  RENVOI_CHECK(collection.remove_reference(reference->id, "removed by hand"));
  RENVOI_CHECK(collection.compact());
  RENVOI_CHECK(engine->fitter()->forget_missing());
  context.output.line(fmt::format("forgotten: {}", printable(reference->address)));
  context.output.value({{"removed", {{"reference", to_number(reference->id)}, {"address", reference->address}}}});
  return {};
}

void declare_add(CLI::App& app, Context& context) {
  CLI::App* add = add_command(
      app, "add", "Add a source (folder, file, page, site, sitemap, feed, list, OPML, web archive) and read it",
      "  renvoi add ~/notes\n"
      "  renvoi add https://docs.example.org/guide/ --max-pages 500\n"
      "  renvoi add https://example.org/sitemap.xml\n"
      "  renvoi add https://example.org/feed/         a feed is known by what it answers\n"
      "  renvoi add subscriptions.opml\n"
      "  renvoi add urls.txt --kind list\n"
      "  renvoi add crawl.warc.gz\n"
      "  renvoi add http://wiki.lan/ --allow-private\n"
      "Interrupted with Ctrl-C, the same command goes on where it stopped.\n");
  auto options = std::make_shared<AddOptions>();
  add->add_option("SOURCE", options->source, "Folder, file or URL")->required();
  add->add_option("--kind", options->kind, "What it is, when it cannot be told")
      ->check(CLI::IsMember({"folder", "file", "url", "site", "sitemap", "feed", "list", "opml", "archive"}));
  add->add_option("--depth", options->depth, "Links to follow from the start [16]");
  add->add_option("--max-pages", options->max_pages, "Pages to read at most [10000]");
  add->add_option("--prefix", options->prefix, "Stay under this path of the site, as /docs/ [the folder of the start]");
  add->add_flag("--sitemaps", options->sitemaps, "Of a site: also what the sitemaps list that its robots.txt names");
  add->add_flag("--allow-private", options->allow_private, "Allow addresses of this machine and the local network");
  add->add_option("--delay-ms", options->delay_ms, "Time between two requests to a host [500]");
  add->add_option("--revisit-s", options->revisit_s, "A sync passes over what was checked more recently [86400]")
      ->check(CLI::NonNegativeNumber);
  add->add_option("--retention", options->retention,
                  "What to keep: none (index only), text, page (a bounded cache) [none]")
      ->check(CLI::IsMember({"none", "text", "page"}));
  add->add_flag(
      "--serve-gone", options->serve_gone,
      "Go on citing what is gone while the cache holds it, labelled ARCHIVED (with --retention text or page)");
  add->add_option("--requests-per-minute", options->requests_per_minute,
                  "Of a pass over this source, evenly spread; 0: no limit of its own [0]");
  add->add_flag("--no-robots", options->no_robots, "Do not obey robots.txt (a site of your own only)");
  add->add_flag("--no-sync", options->no_sync, "Only note it; read it later with 'renvoi sync'");
  add->add_flag("--fast", options->fast,
                "End as soon as all is searchable; encode it later ('renvoi encode', 'renvoi serve')");
  add->add_flag("--force", options->force, "Read again also what was checked recently");
  add->callback([&context, options] { context.run = [&context, options] { return run_add(context, *options); }; });
}

}  // namespace

void declare_source_commands(CLI::App& app, Context& context) {
  declare_add(app, context);

  CLI::App* sync =
      add_command(app, "sync", "Bring sources up to date: read what is new or changed, forget what is gone",
                  "  renvoi sync\n  renvoi sync 3 --force\n");
  auto options = std::make_shared<SyncCommandOptions>();
  sync->add_option("SOURCE", options->source, "Number or address (all when left out)");
  sync->add_flag("--force", options->force, "Also what was checked recently");
  sync->add_flag("--accept-deaths", options->accept_deaths,
                 "Forget what is missing also where that is more than half of a host: you have looked at it");
  sync->add_flag("--fast", options->fast, "End as soon as all is searchable; encode it later");
  sync->callback([&context, options] { context.run = [&context, options] { return run_sync(context, *options); }; });

  CLI::App* encode =
      add_command(app, "encode", "Encode what is searchable by the first tier only, or waits for another model",
                  "  renvoi add ~/notes --fast && renvoi encode\n"
                  "Each page is read again, and one that is gone leaves. Interrupted, it goes on with the "
                  "next call.\n");
  auto of_source = std::make_shared<std::string>();
  encode->add_option("SOURCE", *of_source, "Number or address (all when left out)");
  encode->callback(
      [&context, of_source] { context.run = [&context, of_source] { return run_encode(context, *of_source); }; });

  CLI::App* sources = add_command(app, "sources", "List the sources", "");
  sources->callback([&context] { context.run = [&context] { return run_sources(context); }; });

  CLI::App* remove = add_command(app, "remove", "Forget a source, or one page",
                                 "  renvoi remove 3\n  renvoi remove https://example.org/old.html\n");
  auto what = std::make_shared<std::string>();
  remove->add_option("SOURCE", *what, "Number or address of a source, or address of a page")->required();
  remove->callback([&context, what] { context.run = [&context, what] { return run_remove(context, *what); }; });
}

}  // namespace renvoi::app
