// why: what is known of one reference, and what comes next.
#include <fmt/format.h>

#include "commands/command.h"
#include "reference_view.h"

namespace renvoi::app {
namespace {

void print(const Output& output, const ReferenceView& view) {
  output.line(view.reference.address);
  if (!view.reference.title.empty()) output.line(fmt::format("title       {}", view.reference.title));
  output.line(fmt::format("state       {}", view.why.state));
  output.line(fmt::format("in answers  {}", view.why.in_answers ? "yes" : "no"));
  output.line(fmt::format("checked     {}", view.why.checked));
  output.line(fmt::format("next        {}", view.why.next));
  for (const auto& entry : view.trail)
    output.line(fmt::format("  {}  {}{}", to_rfc3339(entry.at), entry.event,
                            entry.reason.empty() ? "" : " (" + entry.reason + ")"));
}

}  // namespace

void declare_why_command(CLI::App& app, Context& context) {
  CLI::App* command = add_command(app, "why", "Why a page is in its state: when it was looked at, and what comes next",
                                  "  renvoi why https://docs.example.org/install\n");
  const auto text = std::make_shared<std::string>();
  command->add_option("PAGE", *text, "Its address, or the number of its reference")->required();
  command->callback([&context, text] {
    context.run = [&context, text]() -> Result<void> {
      const auto file = collection_folder(context.config) / "catalog.db";
      RENVOI_TRY(const auto catalog, catalog::Catalog::open(file, catalog::Catalog::Mode::read));
      RENVOI_TRY(const ReferenceView view, view_reference(*catalog, context.config, *text, SystemClock().now()));
      print(context.output, view);
      context.output.value(json_of(view));
      return {};
    };
  });
}

}  // namespace renvoi::app
