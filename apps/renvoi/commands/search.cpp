// search and ask.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "commands/command.h"
#include "extract/document_type.h"
#include "json_view.h"

namespace renvoi::app {
namespace {

struct FilterOptions {
  std::vector<std::string> sources, languages, types, states, domains;
  std::string since, until;
};

struct SearchOptions {
  std::string query, mode = "hybrid";
  FilterOptions filter;
  std::uint32_t limit = 10, per_page = 1;
  bool fast = false;
};

struct AskOptions {
  std::string question, mode, scope;
  FilterOptions filter;
  std::optional<std::uint32_t> citations;
  bool fast = false;
};

Result<std::optional<DayRange>> days_of(const std::string& option, const std::string& text) {
  if (text.empty()) return std::optional<DayRange>();
  const auto days = parse_day_range(text);
  if (days) return days;
  return Error{ErrorCode::invalid,
               fmt::format("{} {} is not a date: write 2026-11-24, 2026-11 or 2026", option, printable(text))};
}

Result<search::SearchFilter> filter_of(Engine& engine, const FilterOptions& options) {
  search::SearchFilter filter;
  for (const std::string& text : options.sources) {
    RENVOI_TRY(const auto source, engine.find_source(text));
    filter.sources.push_back(source.id);
  }
  filter.languages = options.languages;
  filter.types = options.types;
  for (const std::string& name : options.states) filter.states.push_back(*catalog::parse_reference_state(name));
  RENVOI_TRY(const auto since, days_of("--since", options.since));
  RENVOI_TRY(const auto until, days_of("--until", options.until));
  for (const std::string& domain : options.domains) {
    if (!search::add_domain(filter, domain)) {
      return Error{ErrorCode::invalid,
                   fmt::format("--domain {} is no name of a site: write example.org, or -example.org "
                               "to leave it out",
                               printable(domain))};
    }
  }
  if (since) filter.since = since->first;
  if (until) filter.until = until->last;
  return filter;
}

void add_filter_options(CLI::App& command, FilterOptions& filter) {
  std::vector<std::string> types;
  for (const std::string_view type : extract::document_types()) types.emplace_back(type);
  command.add_option("--source", filter.sources, "Only from this source (number or address); may be repeated");
  command.add_option("--lang,--language", filter.languages, "Only pages in this language, as fr; may be repeated")
      ->delimiter(',');
  command.add_option("--type", filter.types, "Only documents of this type, as pdf; may be repeated")
      ->delimiter(',')
      ->check(CLI::IsMember(types));
  command.add_option(
      "--domain", filter.domains,
      "Only from this site and those below it, as example.org; --domain=-example.org: all but it; may be "
      "repeated");
  command.add_option("--since", filter.since, "Only what is dated then or later: 2026-11-24, 2026-11 or 2026");
  command.add_option("--until", filter.until, "Only what is dated then or earlier; undated pages are left out");
  command.add_option("--state", filter.states, "Only references in this state (LIVE, MOVED, HOST_DOWN, ARCHIVED)")
      ->delimiter(',')
      ->check(CLI::IsMember({"LIVE", "MOVED", "HOST_DOWN", "ARCHIVED"}));
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
  RENVOI_TRY(request.filter, filter_of(*engine, options.filter));
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
        "     score {:.3f}, part {} of {}{}{}{}", hit.score, hit.ordinal + 1, reference.passages,
        reference.type.empty() ? "" : ", " + printable(reference.type),
        reference.date == 0 ? "" : " of " + to_date(reference.date),
        reference.state == catalog::ReferenceState::live
            ? ""
            : fmt::format(", {}, last checked {}", to_string(reference.state), to_rfc3339(reference.checked_at))));
  }
  if (response.hits.empty()) context.output.line("Nothing was found.");
  return {};
}

void print_answer(const Output& output, const answer::Answer& answer) {
  output.line(with_bold(answer.text, Output::is_terminal()));
  if (!answer.citations.empty()) output.line("\nSources:");
  for (const auto& citation : answer.citations) {
    output.line(fmt::format(" [{}] {}", citation.number, title_of(citation.title, citation.address)));
    output.line(fmt::format("     {}", printable(citation.address)));
    if (!citation.heading_path.empty()) output.line(fmt::format("     in: {}", printable(citation.heading_path)));
    if (citation.page != 0) output.line(fmt::format("     page: {}", citation.page));
    output.line(fmt::format("     \"{}\"", printable(citation.quote)));
    output.line(fmt::format("     {}, {} {}", to_string(citation.state),
                            citation.verified ? "checked" : "not checked now; last verified on",
                            to_rfc3339(citation.checked_at)));
  }
  if (answer.from_web) output.line("\n(from the web: nothing of it was stored)");
  if (!answer.web_problem.empty())
    output.line(fmt::format("\nThe web was not searched: {}", printable(answer.web_problem)));
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
  request.scope = parse_answer_scope(options.scope);
  RENVOI_TRY(request.filter, filter_of(*engine, options.filter));
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
  RENVOI_TRY(const auto kept, engine->keep_cited(request, answer));
  if (kept) context.output.note(fmt::format("What it cites is kept: 'renvoi sync {}' reads it.", to_number(kept->id)));
  return {};
}

}  // namespace

void declare_search_commands(CLI::App& app, Context& context) {
  CLI::App* search =
      add_command(app, "search", "Find the pages that a question is about",
                  "  renvoi search \"data retention period\"\n"
                  "  renvoi search \"durée de conservation\" --lang fr --type pdf --since 2026 --limit 5 --json\n");
  auto find = std::make_shared<SearchOptions>();
  search->add_option("QUERY", find->query, "Words or a question")->required();
  search->add_option("-n,--limit", find->limit, "Results at most")->capture_default_str()->check(CLI::Range(1, 1000));
  search->add_option("--mode", find->mode, "How to search")
      ->capture_default_str()
      ->check(CLI::IsMember({"hybrid", "semantic", "bm25"}));
  add_filter_options(*search, find->filter);
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
  ask->add_option(
         "--scope", question->scope,
         "Where to look: index (the collection), web (the search engine of the configuration; nothing is "
         "stored), auto (the web when the collection has no answer; what is cited is kept where web.keep says so) [as "
         "configured]")
      ->check(CLI::IsMember({"index", "web", "auto"}));
  add_filter_options(*ask, question->filter);
  ask->add_option("--citations", question->citations, "Citations at most [4]")->check(CLI::Range(1, 20));
  ask->add_flag("--fast", question->fast, "Find documents without the encoder, as search --fast");
  ask->callback([&context, question] { context.run = [&context, question] { return run_ask(context, *question); }; });
}

}  // namespace renvoi::app
