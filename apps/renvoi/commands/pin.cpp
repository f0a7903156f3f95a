// pin: keeps a cached page whatever else needs its room.
#include <fmt/format.h>

#include "commands/command.h"
#include "pinning.h"

namespace renvoi::app {
namespace {

struct PinOptions {
  std::string address;
  bool off = false;
};

Result<void> run_pin(Context& context, const PinOptions& options) {
  RENVOI_TRY(auto engine, Engine::open(context.config, Access::write, context.notify()));
  catalog::Catalog& catalog = engine->collection().catalog();
  RENVOI_TRY(const auto reference, catalog.find_reference(options.address));
  if (!reference)
    return Error{ErrorCode::not_found, fmt::format("no page of the collection has the address {}", options.address)};
  RENVOI_CHECK(set_pinned(*engine, *reference, !options.off));
  context.output.line(fmt::format("{}: {}", printable(options.address), options.off ? "not pinned" : "pinned"));
  context.output.value({{"address", options.address}, {"pinned", !options.off}});
  return {};
}

}  // namespace

void declare_pin_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<PinOptions>();
  CLI::App* pin =
      add_command(app, "pin", "Keep a page of a source with retention in the cache, whatever needs its room",
                  "Examples:\n"
                  "  renvoi pin https://docs.example.org/licence.html\n"
                  "  renvoi pin --off https://docs.example.org/licence.html\n");
  pin->add_option("ADDRESS", options->address, "Address of the page, as 'renvoi search' prints it")->required();
  pin->add_flag("--off", options->off, "It may leave again");
  pin->callback([&context, options] { context.run = [&context, options] { return run_pin(context, *options); }; });
}

}  // namespace renvoi::app
