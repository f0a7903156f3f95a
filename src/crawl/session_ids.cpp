#include "crawl/session_ids.h"

#include <algorithm>
#include <cctype>

#include "crawl/ascii.h"

namespace renvoi::crawl {
namespace {

bool is_hexadecimal(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_session(std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string name = lower(parameter.substr(0, equals));
  const std::string_view value = parameter.substr(equals + 1);
  if (name == "phpsessid" || name == "jsessionid" || name == "cftoken" || name.starts_with("aspsessionid")) return true;
  constexpr std::size_t kShortestSid = 16;
  return (name == "sid" || name == "session_id" || name == "sessionid") && value.size() >= kShortestSid &&
         is_hexadecimal(value);
}

}  // namespace

std::string without_session_id(std::string_view address) {
  const std::size_t question = address.find('?');
  std::string path(address.substr(0, question));
  if (const std::size_t at = lower(path).find(";jsessionid="); at != std::string::npos)
    path.erase(at, path.find('/', at) - at);
  if (question == std::string_view::npos) return path;
  std::string kept;
  bool dropped = false;
  std::string_view rest = address.substr(question + 1);
  while (true) {
    const std::size_t end = rest.find('&');
    const std::string_view parameter = rest.substr(0, end);
    if (is_session(parameter))
      dropped = true;
    else
      kept.append(kept.empty() ? "" : "&").append(parameter);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (!dropped) return path + std::string(address.substr(question));
  return kept.empty() ? path : path + "?" + kept;
}

}  // namespace renvoi::crawl
