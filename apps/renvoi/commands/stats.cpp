#include <fmt/format.h>

#include "commands/command.h"
#include "json_view.h"
#include "statistics.h"

namespace renvoi::app {
namespace {

void print(const Output& output, const Statistics& all, const Engine& engine) {
  using State = catalog::ReferenceState;
  output.line(fmt::format("sources     {}", all.counts.sources));
  output.line(fmt::format("pages       {}", all.index.references));
  output.line(fmt::format("passages    {}{}", all.index.passages,
                          all.index.dead_passages == 0
                              ? ""
                              : fmt::format(" (and {} deleted, freed by the next merge)", all.index.dead_passages)));
  if (engine.has_first_tier() || all.first_tier_passages > 0) {
    output.line(fmt::format("full tier   {} of {} passages{}", all.index.passages - all.first_tier_passages,
                            all.index.passages,
                            all.first_tier_passages == 0
                                ? ""
                                : fmt::format("; {} in the first tier ('renvoi encode', or a running server, encodes "
                                              "them)",
                                              counted(all.first_tier_pages, "page", "pages"))));
  }
  std::string states;
  for (const State state : {State::live, State::moved, State::suspect, State::host_down, State::blocked, State::gone}) {
    const auto count = all.counts.references_by_state[static_cast<std::size_t>(state)];
    if (count > 0) states += fmt::format("{}{} {}", states.empty() ? "" : ", ", to_string(state), count);
  }
  output.line(fmt::format("states      {}", states.empty() ? "none" : states));
  output.line(fmt::format("text        {} ({} bytes), which is not stored", human_bytes(all.counts.text_bytes),
                          all.counts.text_bytes));
  output.line(fmt::format("index       {} ({} bytes): codes {}, postings {}, tables {}, log {}",
                          human_bytes(all.disk.index_bytes), all.disk.index_bytes, human_bytes(all.index.code_bytes),
                          human_bytes(all.index.posting_bytes), human_bytes(all.index.table_bytes),
                          human_bytes(all.index.log_bytes)));
  if (all.table.fitted_passages > 0) {
    output.line(
        fmt::format("table       fitted to {}, {} rows: cosine with the encoder {:.2f}, {:.2f} before it was fitted",
                    counted(all.table.fitted_passages, "passage", "passages"), all.table.fitted_rows,
                    all.table.held_out_cosine, all.table.held_out_cosine_before));
  } else if (all.table.exists) {
    output.line("table       not fitted to the collection yet");
  }
  if (all.disk.fitted_bytes > 0) {
    output.line(fmt::format("            {} ({} bytes) of fitted tables and their sample",
                            human_bytes(all.disk.fitted_bytes), all.disk.fitted_bytes));
  }
  output.line(fmt::format("catalogue   {} ({} bytes)", human_bytes(all.disk.catalog_bytes), all.disk.catalog_bytes));
  output.line(fmt::format("cache       {} of {}: text {}, pages {}, of these pinned {}",
                          human_bytes(all.disk.cache_bytes), human_bytes(engine.config().answer.cache_bytes),
                          human_bytes(all.cache.text_bytes), human_bytes(all.cache.page_bytes),
                          human_bytes(all.cache.pinned_bytes)));
  if (all.index.passages > 0) {
    output.line(
        fmt::format("each        {:.0f} bytes of index and catalogue a passage; the text is {:.1f} times as large",
                    all.bytes_per_passage(), all.text_per_index_byte()));
  }
  if (all.counts.frontier > 0)
    output.line(fmt::format("waiting     {} (renvoi sync goes on)", counted(all.counts.frontier, "page", "pages")));
  output.line(
      fmt::format("model       {} ({})", engine.embedding_model().name, engine.embedding_model().digest.substr(0, 12)));
  if (const EmbeddingModel* next = engine.next_model(); next != nullptr && all.change) {
    output.line(fmt::format(
        "change      to {} ({}), extractor {}: {} of {} encoded, {} so far ('renvoi encode', or a running server, goes "
        "on)",
        next->manifest.name, next->manifest.digest.substr(0, 12), next->identity.extractor_version,
        all.change->documents_done,
        counted(all.change->documents_done + all.change->documents_waiting, "page", "pages"),
        human_bytes(all.disk.next_bytes)));
  }
  output.line(
      fmt::format("answers     {}{}", to_string(engine.default_mode()),
                  engine.has_generator() ? ", generation model " + engine.generator_name() : ", no generation model"));
}

}  // namespace

void declare_stats_command(CLI::App& app, Context& context) {
  CLI::App* stats = add_command(app, "stats", "Pages, passages, and the size of the index beside that of the text", "");
  stats->callback([&context] {
    context.run = [&context]() -> Result<void> {
      RENVOI_TRY(auto engine, Engine::open(context.config, Access::read, context.notify()));
      RENVOI_TRY(const Statistics all, gather_statistics(*engine));
      print(context.output, all, *engine);
      context.output.value(json_of(all, *engine));
      return {};
    };
  });
}

}  // namespace renvoi::app
