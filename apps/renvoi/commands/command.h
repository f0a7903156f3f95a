// What every command is made of: it declares its options on the command line and says what to run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "config.h"
#include "engine.h"
#include "exit_codes.h"
#include "interrupts.h"
#include "output.h"

namespace renvoi::app {

struct Context {
  explicit Context(Interrupts& given) : interrupts(given) {}
  Interrupts& interrupts;
  ConfigRequest places;
  Output output;
  Config config;                      // loaded before `run` is called
  std::function<Result<void>()> run;  // set by the command that was chosen
  int exit_status = kExitOk;          // what to end with when `run` succeeds

  Notify notify() const {
    return [this](const std::string& text) { output.note(text); };
  }
};

// --json and the other options that every command takes, wherever they stand.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& about, const std::string& examples);

void declare_source_commands(CLI::App& app, Context& context);  // add, sync, sources, remove
void declare_search_commands(CLI::App& app, Context& context);  // search, ask
void declare_serve_command(CLI::App& app, Context& context);
void declare_mcp_command(CLI::App& app, Context& context);
void declare_pin_command(CLI::App& app, Context& context);
void declare_stats_command(CLI::App& app, Context& context);
void declare_why_command(CLI::App& app, Context& context);
void declare_extract_command(CLI::App& app, Context& context);
void declare_eval_command(CLI::App& app, Context& context);
void declare_model_commands(CLI::App& app, Context& context);    // model list, add, probe
void declare_key_commands(CLI::App& app, Context& context);      // key new, list, revoke
void declare_check_commands(CLI::App& app, Context& context);    // check, repair
void declare_backup_commands(CLI::App& app, Context& context);   // snapshot, restore
void declare_dataset_commands(CLI::App& app, Context& context);  // dataset add, verify, snapshot, stream, ...
void declare_doctor_command(CLI::App& app, Context& context);
void declare_completion_command(CLI::App& app, Context& context);

}  // namespace renvoi::app
