// What the program prints: results on standard output, for people or as JSON; everything else on standard error.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace renvoi::app {

using Json = nlohmann::json;

// JSON text that is always valid UTF-8, whatever was in the values.
std::string dump(const Json& value, int indent = -1);

// `text` without control characters: what a document says must not move the cursor of a terminal.
std::string printable(std::string_view text);

// The words between pairs of ** as a terminal sets them in bold, or as they are.
std::string with_bold(std::string_view text, bool terminal);

// "1.2 MB", "340 B". Decimal units.
std::string human_bytes(std::uint64_t bytes);
// "3 min 20 s".
std::string human_seconds(double seconds);
// "1 page", "2 pages".
std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural);

// Thread-safe where stdio is.
class Output {
 public:
  bool json = false;
  bool quiet = false;
  // Whether a person reads the standard output on a terminal that knows bold (NO_COLOR and TERM=dumb say no).
  static bool is_terminal();
  // One line of the result. Nothing in JSON mode.
  void line(std::string_view text) const;
  // The result in JSON mode. Nothing otherwise.
  void value(const Json& value) const;
  // A remark on standard error. Nothing when quiet.
  void note(std::string_view text) const;
  // Always, on standard error; in JSON mode as {"error":{...}}.
  void error(const Error& error) const;
};

}  // namespace renvoi::app
