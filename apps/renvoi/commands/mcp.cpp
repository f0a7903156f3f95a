// mcp: the Model Context Protocol over standard input and output, for programs that start their servers themselves.
#include "mcp.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "commands/command.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMaxMessage_bytes = 4u << 20;
constexpr int kLook_ms = 200;  // how often a signal is looked for

// Lines of standard input. Longer ones than a message may be come as one that is cut, and are no JSON then.
class Lines {
 public:
  // Nothing at the end, or when `stop` fires.
  std::optional<std::string> next(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const std::size_t end = held_.find('\n', searched_);
      if (end != std::string::npos) {
        std::string line = held_.substr(0, end);
        held_.erase(0, end + 1);
        searched_ = 0;
        return line;
      }
      if (held_.size() > kMaxMessage_bytes) held_.resize(kMaxMessage_bytes);
      searched_ = held_.size();
      if (!read_more()) return {};
    }
    return {};
  }

 private:
  bool read_more() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    const int ready = ::poll(&input, 1, kLook_ms);
    if (ready <= 0) return ready == 0 || errno == EINTR;
    char piece[16 << 10];
    const ssize_t count = ::read(STDIN_FILENO, piece, sizeof piece);
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    held_.append(piece, static_cast<std::size_t>(count));
    return count > 0;
  }
  std::string held_;
  std::size_t searched_ = 0;
};

// Only reading: a server or a sync may hold the collection beside it.
Result<void> run_mcp(Context& context) {
  RENVOI_TRY(auto engine, Engine::open(context.config, Access::read, context.notify()));
  const McpServer server(*engine);
  const std::stop_token stop = context.interrupts.stop_cleanly("");
  Lines lines;
  while (const auto line = lines.next(stop)) {
    if (line->find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto answer = server.handle_text(*line, stop);
    if (!answer) continue;
    fmt::print("{}\n", dump(*answer));
    if (std::fflush(stdout) != 0) break;  // whoever asked has gone
  }
  return {};
}

}  // namespace

void declare_mcp_command(CLI::App& app, Context& context) {
  CLI::App* command =
      add_command(app, "mcp", "Serve the collection to a program that speaks MCP, over standard input and output",
                  "  {\"mcpServers\": {\"renvoi\": {\"command\": \"renvoi\", \"args\": [\"mcp\"]}}}   in the settings "
                  "of the program\n"
                  "A running 'renvoi serve' speaks the same at http://127.0.0.1:8080/mcp.\n");
  command->callback([&context] { context.run = [&context] { return run_mcp(context); }; });
}

}  // namespace renvoi::app
