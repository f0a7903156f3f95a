// Reading a JSON request without trusting it: every field by name and type, and an error for those nobody asked for.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "output.h"
#include "server/api_error.h"

namespace renvoi::app {

// The fields of one object. The first problem is kept and later reads give the fallback: read all, then ask for
// problem(). Not thread-safe. `value` must outlive it.
class Fields {
 public:
  // `path` of the object in the request: "" for the request itself, "messages[0]".
  Fields(const Json& value, std::string path);

  bool has(const std::string& name) const;  // present and not null
  std::string text(const std::string& name, std::string fallback = {});
  std::string required_text(const std::string& name);
  bool boolean(const std::string& name, bool fallback);
  std::uint64_t number(const std::string& name, std::uint64_t fallback, std::uint64_t lowest, std::uint64_t highest);
  // One value or a list of them, 1,000 at most; none when absent, and no value empty.
  std::vector<std::string> texts(const std::string& name);
  std::vector<std::uint64_t> numbers(const std::string& name, std::uint64_t lowest, std::uint64_t highest);
  // One of `allowed`.
  std::string choice(const std::string& name, std::string fallback, std::initializer_list<std::string_view> allowed);
  // The value itself (null when absent), for what has several types; the caller checks it.
  const Json& raw(const std::string& name);
  // Known, taken, and of no effect here.
  void ignore(std::initializer_list<std::string_view> names);

  // From here on fields that nobody asked for are of no effect, too: the protocol is not ours, and its clients send
  // more than one server knows.
  void ignore_others() { ignores_others_ = true; }

  void refuse(const std::string& name, std::string message);
  void refuse_path(std::string path, std::string message);
  // Nothing when all is well, unknown fields included, unless they are ignored.
  std::optional<ApiError> problem();
  std::string path_of(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }

 private:
  const Json& value_;
  std::string path_;
  std::set<std::string, std::less<>> known_;
  std::optional<ApiError> problem_;
  bool ignores_others_ = false;
};

// The body of a request as a JSON object; the error says where it is malformed.
struct ParsedBody {
  Json value;
  std::optional<ApiError> problem;
};
ParsedBody parse_body(std::string_view body);

}  // namespace renvoi::app
