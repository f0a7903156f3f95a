// key new, list, revoke.
#include "keys.h"

#include <fmt/format.h>

#include "commands/command.h"
#include "json_view.h"

namespace renvoi::app {
namespace {

Result<void> run_new(Context& context, const std::string& name, const std::string& role) {
  auto files = io::real_file_system();
  KeyRing ring(*files, context.config.data / "keys.json");
  RENVOI_TRY(const auto created, ring.create(name, *parse_key_role(role), SystemClock().now()));
  context.output.line(created.second);
  context.output.note(fmt::format("Key {} ({}, may {}). It is shown this once: only its hash is kept.",
                                  created.first.id, created.first.name, to_string(created.first.role)));
  Json value = json_of(created.first);
  value["key"] = created.second;
  context.output.value(value);
  return {};
}

Result<void> run_list(Context& context) {
  auto files = io::real_file_system();
  KeyRing ring(*files, context.config.data / "keys.json");
  RENVOI_TRY(const auto keys, ring.list());
  Json list = Json::array();
  for (const auto& key : keys) {
    context.output.line(
        fmt::format("{}  {:<6} {}  {}", key.id, to_string(key.role), to_rfc3339(key.created_at), printable(key.name)));
    list.push_back(json_of(key));
  }
  if (keys.empty()) context.output.line("There are no keys yet: 'renvoi key new NAME' makes one.");
  context.output.value({{"keys", list}});
  return {};
}

Result<void> run_revoke(Context& context, const std::string& which) {
  auto files = io::real_file_system();
  KeyRing ring(*files, context.config.data / "keys.json");
  RENVOI_TRY(const ApiKey key, ring.revoke(which));
  context.output.line(
      fmt::format("revoked: {} ({}). A running server refuses it from now on.", key.id, printable(key.name)));
  context.output.value({{"revoked", json_of(key)}});
  return {};
}

}  // namespace

void declare_key_commands(CLI::App& app, Context& context) {
  CLI::App* group = add_command(app, "key", "API keys of the server",
                                "  renvoi key new phone --role read\n  renvoi key revoke phone\n");
  group->require_subcommand(1);
  struct Options {
    std::string name, role = "read", which;
  };
  auto options = std::make_shared<Options>();
  CLI::App* create = add_command(*group, "new", "Make a key; it is printed once", "");
  create->add_option("NAME", options->name, "What it is for")->required();
  create
      ->add_option("--role", options->role,
                   "read: ask and search; write: also add and remove public sources; admin: also folders of this "
                   "machine and private addresses")
      ->capture_default_str()
      ->check(CLI::IsMember({"read", "write", "admin"}));
  create->callback([&context, options] {
    context.run = [&context, options] { return run_new(context, options->name, options->role); };
  });
  CLI::App* list = add_command(*group, "list", "List the keys (never the secrets)", "");
  list->callback([&context] { context.run = [&context] { return run_list(context); }; });
  CLI::App* revoke = add_command(*group, "revoke", "Withdraw a key at once", "");
  revoke->add_option("KEY", options->which, "Its id or name")->required();
  revoke->callback(
      [&context, options] { context.run = [&context, options] { return run_revoke(context, options->which); }; });
}

}  // namespace renvoi::app
