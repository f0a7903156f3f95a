// search and ask.
#include <fmt/format.h>

#include <optional>

#include "commands/command.h"
#include "json_view.h"

namespace renvoi::app {
namespace {

struct SearchOptions {
  std::string query, mode = "hybrid", source, language;
  std::uint32_t limit = 10, per_page = 1;
  bool fast = false;
};

struct AskOptions {
  std::string question, mode, source, language;
  std::optional<std::uint32_t> citations;
  bool fast = false;
};

Result<std::optional<SourceId>> source_filter(Engine& engine, const std::string& text) {
  if (text.empty()) return std::optional<SourceId>();
  RENVOI_TRY(const auto source, engine.find_source(text));
  return std::optional(source.id);
}

std::string title_of(const std::string& title, const std::string& address) {
  return printable(title.empty() ? address : title);
}

Result<void> run_search(Context& context, const SearchOptions& options) {
  RENVOI_TRY(auto engine, Engine::open(context.config, Access::read, context.notify()));
  search::SearchRequest request;
  request.query = options.query;
  request.limit = options.limit;
  request.mode = options.mode == "semantic" ? search::SearchMode::semantic
                 : options.mode == "bm25"   ? search::SearchMode::bm25
                                            : search::SearchMode::hybrid;
  RENVOI_TRY(request.source, source_filter(*engine, options.source));
  request.language = options.language;
  request.passages_per_reference = options.per_page;
  request.fast = options.fast;
  RENVOI_TRY(const auto response, engine->searcher().search(request));
  context.output.value(json_of(response));
  std::size_t number = 0;
  for (const auto& hit : response.hits) {
    const auto& reference = hit.reference;
    context.output.line(fmt::format("{:>3}. {}", ++number, title_of(reference.title, reference.address)));
    context.output.line(fmt::format("     {}", printable(reference.address)));
    context.output.line(fmt::format(
        "     score {:.3f}, part {} of {}{}", hit.score, hit.ordinal + 1, reference.passages,
        reference.state == catalog::ReferenceState::live
            ? ""
            : fmt::format(", {}, last checked {}", to_string(reference.state), to_rfc3339(reference.checked_at))));
  }
  if (response.hits.empty()) context.output.line("Nothing was found.");
  return {};
}

void print_answer(const Output& output, const answer::Answer& answer) {
  output.line(answer.text);
  if (!answer.citations.empty()) output.line("\nSources:");
  for (const auto& citation : answer.citations) {
    output.line(fmt::format(" [{}] {}", citation.number, title_of(citation.title, citation.address)));
    output.line(fmt::format("     {}", printable(citation.address)));
    if (!citation.heading_path.empty()) output.line(fmt::format("     in: {}", printable(citation.heading_path)));
    output.line(fmt::format("     \"{}\"", printable(citation.quote)));
    output.line(fmt::format("     {}, checked {}", to_string(citation.state), to_rfc3339(citation.checked_at)));
  }
  if (!answer.dropped.empty()) output.line("\nFound, but not cited:");
  for (const auto& dropped : answer.dropped) {
    output.line(fmt::format("  - {}", title_of(dropped.title, dropped.address)));
    output.line(fmt::format("    {}: {}", printable(dropped.address), printable(dropped.reason)));
  }
}

Result<void> run_ask(Context& context, const AskOptions& options) {
  // What is learnt on the way (gone, moved) is written back, unless another process holds the collection.
  const bool something_there = std::filesystem::exists(collection_folder(context.config));
  RENVOI_TRY(auto engine,
             Engine::open(context.config, something_there ? Access::write_if_free : Access::read, context.notify()));
  answer::AskRequest request;
  request.question = options.question;
  if (options.mode == "extractive") request.mode = answer::AnswerMode::extractive;
  if (options.mode == "generative") request.mode = answer::AnswerMode::generative;
  RENVOI_TRY(request.source, source_filter(*engine, options.source));
  request.language = options.language;
  request.max_citations = options.citations.value_or(context.config.answer.max_citations);
  request.deadline_ms = context.config.answer.deadline_ms;
  request.fast = options.fast;
  const std::stop_token stop = context.interrupts.stop_cleanly("\nStopping. Ctrl-C again ends at once.\n");
  RENVOI_TRY(auto answer, engine->answerer().ask(request, {}, stop));
  answer.text = [&] {  // keep the line breaks of the answer, drop other control characters
    std::string text;
    std::size_t start = 0;
    while (start <= answer.text.size()) {
      const auto end = std::min(answer.text.find('\n', start), answer.text.size());
      text += (start == 0 ? "" : "\n") + printable(std::string_view(answer.text).substr(start, end - start));
      start = end + 1;
    }
    return text;
  }();
  print_answer(context.output, answer);
  context.output.value(json_of(answer));
  return {};
}

}  // namespace

void declare_search_commands(CLI::App& app, Context& context) {
  CLI::App* search = add_command(app, "search", "Find the pages that a question is about",
                                 "  renvoi search \"data retention period\"\n"
                                 "  renvoi search \"durée de conservation\" --language fr --limit 5 --json\n");
  auto find = std::make_shared<SearchOptions>();
  search->add_option("QUERY", find->query, "Words or a question")->required();
  search->add_option("-n,--limit", find->limit, "Results at most")->capture_default_str()->check(CLI::Range(1, 1000));
  search->add_option("--mode", find->mode, "How to search")
      ->capture_default_str()
      ->check(CLI::IsMember({"hybrid", "semantic", "bm25"}));
  search->add_option("--source", find->source, "Only in this source (number or address)");
  search->add_option("--language", find->language, "Only pages in this language, as fr");
  search->add_option("--per-page", find->per_page, "Results from one page at most; 0: no limit")->capture_default_str();
  search->add_flag("--fast", find->fast, "Without the encoder: by words and by the table of token vectors");
  search->callback([&context, find] { context.run = [&context, find] { return run_search(context, *find); }; });

  CLI::App* ask = add_command(app, "ask", "Answer a question, with checked quotations and their sources",
                              "  renvoi ask \"How long is a session kept open?\"\n"
                              "  renvoi ask \"Qui peut déposer une plainte ?\" --mode extractive\n");
  auto question = std::make_shared<AskOptions>();
  ask->add_option("QUESTION", question->question, "The question, in French or English")->required();
  ask->add_option("--mode", question->mode,
                  "extractive (quoted sentences) or generative (written by a model) [as configured]")
      ->check(CLI::IsMember({"extractive", "generative"}));
  ask->add_option("--source", question->source, "Only from this source (number or address)");
  ask->add_option("--language", question->language, "Only from pages in this language, as fr");
  ask->add_option("--citations", question->citations, "Citations at most [4]")->check(CLI::Range(1, 20));
  ask->add_flag("--fast", question->fast, "Find documents without the encoder, as search --fast");
  ask->callback([&context, question] { context.run = [&context, question] { return run_ask(context, *question); }; });
}

}  // namespace renvoi::app
