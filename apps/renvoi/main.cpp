// renvoi: the command line. Everything it can do is one of the commands; see commands/.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "commands/command.h"

namespace renvoi::app {
namespace {

constexpr const char* kAbout =
    "renvoi: answers you can check, from an index many times smaller than the documents.\n"
    "\n"
    "It reads folders and web sites, keeps a small index of them (no text), and answers questions\n"
    "with quotations that were found, just now, in the documents they name.\n";

constexpr const char* kExamples =
    "First steps:\n"
    "  renvoi add ~/notes                       read a folder (Markdown, HTML, plain text)\n"
    "  renvoi add https://docs.example.org/     read a site, politely\n"
    "  renvoi ask \"How do I reset my password?\" answer, with its sources\n"
    "  renvoi serve                             web page and API on http://127.0.0.1:8080\n"
    "  renvoi doctor                            is everything in order?\n"
    "\n"
    "'renvoi COMMAND --help' explains a command. Exit status: 0 done, 2 wrong usage, 3 invalid, 4 not found,\n"
    "5 gone, 6 denied, 7 conflict, 8 unavailable (try later), 9 disk or memory full, 10 corrupt data,\n"
    "11 a bug in renvoi, 12 problems found, 130 interrupted.\n";

void declare(CLI::App& app, Context& context) {
  app.require_subcommand(1);
  app.fallthrough();  // --json and the like may stand after the command as well
  app.footer(kExamples);
  app.set_version_flag("--version", std::string("renvoi ") + RENVOI_VERSION);
  app.add_option("--config", context.places.config_file,
                 "Settings file (TOML) [$RENVOI_CONFIG, ~/.config/renvoi/config.toml]");
  app.add_option("--data", context.places.data_folder, "Data folder [$RENVOI_DATA, ~/.local/share/renvoi]");
  app.add_flag("--json", context.output.json, "Print the result as JSON, for programs");
  app.add_flag("-q,--quiet", context.output.quiet, "No progress and no remarks");
  declare_source_commands(app, context);
  declare_search_commands(app, context);
  declare_serve_command(app, context);
  declare_mcp_command(app, context);
  declare_pin_command(app, context);
  declare_stats_command(app, context);
  declare_why_command(app, context);
  declare_extract_command(app, context);
  declare_eval_command(app, context);
  declare_model_commands(app, context);
  declare_key_commands(app, context);
  declare_check_commands(app, context);
  declare_backup_commands(app, context);
  declare_dataset_commands(app, context);
  declare_doctor_command(app, context);
  declare_completion_command(app, context);
  CLI::App* version = add_command(app, "version", "Print the version", "");
  version->callback([&context] {
    context.run = [&context]() -> Result<void> {
      context.output.line(std::string("renvoi ") + RENVOI_VERSION);
      context.output.value({{"version", RENVOI_VERSION}});
      return {};
    };
  });
}

int run(int argc, char** argv) {
  Interrupts interrupts;
  Context context(interrupts);
  CLI::App app(kAbout, "renvoi");
  declare(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too, with status 0.
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  auto config = load_config(context.places);
  if (!config) {
    context.output.error(config.error());
    return exit_code(config.error().code);
  }
  context.config = std::move(config).value();
  const Result<void> done = context.run();
  if (interrupts.stopped() && context.exit_status == kExitOk && !done.ok()) return kExitInterrupted;
  if (done.ok()) return context.exit_status;
  context.output.error(done.error());
  return exit_code(done.error().code);
}

}  // namespace

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& about, const std::string& examples) {
  CLI::App* command = app.add_subcommand(name, about);
  command->fallthrough();
  if (!examples.empty()) command->footer("Examples:\n" + examples);
  return command;
}

}  // namespace renvoi::app

int main(int argc, char** argv) {
  try {
    const int status = renvoi::app::run(argc, argv);
    if (std::fflush(stdout) != 0 && status == 0) return renvoi::app::kExitExhausted;
    return status;
  } catch (const std::exception& error) {
    fmt::print(stderr, "renvoi: a bug: {}. Please report it with the command you gave.\n", error.what());
    return renvoi::app::kExitInternal;
  }
}
