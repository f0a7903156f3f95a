#include "output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/utf8.h"
#include "config.h"

namespace renvoi::app {

std::string dump(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto point = decode_utf8(text);
    const bool control = point.code_point < 0x20 || (point.code_point >= 0x7F && point.code_point < 0xA0) ||
                         (point.code_point >= 0x202A && point.code_point <= 0x202E) ||  // text direction overrides
                         (point.code_point >= 0x2066 && point.code_point <= 0x2069);
    if (control) {
      out += ' ';
    } else {
      append_utf8(out, point.code_point);
    }
    text.remove_prefix(point.length);
  }
  return out;
}

std::string with_bold(std::string_view text, bool terminal) {
  static constexpr std::string_view kMark = "**";
  std::string out;
  while (true) {
    const std::size_t begin = text.find(kMark);
    const std::size_t end = begin == std::string_view::npos ? begin : text.find(kMark, begin + kMark.size());
    if (end == std::string_view::npos) return out.append(text);
    const std::string_view words = text.substr(begin + kMark.size(), end - begin - kMark.size());
    out += text.substr(0, begin);
    out += terminal ? fmt::format("\x1B[1m{}\x1B[0m", words) : std::string(words);
    text.remove_prefix(end + kMark.size());
  }
}

bool Output::is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1 && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

std::string human_bytes(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string human_seconds(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

void Output::line(std::string_view text) const {
  if (!json) fmt::print("{}\n", text);
}

void Output::value(const Json& value) const {
  if (json) fmt::print("{}\n", dump(value, 2));
}

void Output::note(std::string_view text) const {
  if (!quiet) fmt::print(stderr, "{}\n", text);
}

void Output::error(const Error& error) const {
  if (json) {
    Json body{{"code", std::string(to_string(error.code))}, {"message", error.message}};
    if (error.retry_after_s) body["retry_after_s"] = *error.retry_after_s;
    fmt::print(stderr, "{}\n", dump(Json{{"error", body}}));
  } else {
    fmt::print(stderr, "renvoi: {}\n", printable(error.message));
  }
}

}  // namespace renvoi::app
