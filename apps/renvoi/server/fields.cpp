#include "server/fields.h"

#include <fmt/format.h>

#include <cmath>

#include "base/utf8.h"

namespace renvoi::app {
namespace {

const Json kNull = nullptr;
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxListed = 1'000;

// A whole number that is not negative, 3 as well as 3.0: JSON has one kind of number.
std::optional<std::uint64_t> whole_number(const Json& value) {
  constexpr double kMostExact = 9007199254740992;  // 2^53
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (!value.is_number_float()) return {};
  const double number = value.get<double>();
  if (!(number >= 0 && number <= kMostExact) || number != std::floor(number)) return {};
  return static_cast<std::uint64_t>(number);
}

}  // namespace

Fields::Fields(const Json& value, std::string path) : value_(value), path_(std::move(path)) {
  if (!value_.is_object()) {
    problem_ = field_error(
        path_, fmt::format("{} must be an object, not {}", path_.empty() ? "the request" : path_, value_.type_name()));
  }
}

bool Fields::has(const std::string& name) const {
  return value_.is_object() && value_.contains(name) && !value_.at(name).is_null();
}

const Json& Fields::raw(const std::string& name) {
  known_.insert(name);
  return has(name) ? value_.at(name) : kNull;
}

std::string Fields::text(const std::string& name, std::string fallback) {
  const Json& value = raw(name);
  if (value.is_null()) return fallback;
  if (!value.is_string()) {
    refuse(name, fmt::format("must be a string, not {}", value.type_name()));
    return fallback;
  }
  return value.get<std::string>();
}

std::string Fields::required_text(const std::string& name) {
  if (!has(name)) refuse(name, "is missing");
  return text(name);
}

bool Fields::boolean(const std::string& name, bool fallback) {
  const Json& value = raw(name);
  if (value.is_null()) return fallback;
  if (!value.is_boolean()) {
    refuse(name, fmt::format("must be true or false, not {}", value.type_name()));
    return fallback;
  }
  return value.get<bool>();
}

std::uint64_t Fields::number(const std::string& name, std::uint64_t fallback, std::uint64_t lowest,
                             std::uint64_t highest) {
  const Json& value = raw(name);
  if (value.is_null()) return fallback;
  const auto number = whole_number(value);
  if (number && *number >= lowest && *number <= highest) return *number;
  refuse(name, fmt::format("must be a whole number from {} to {}", lowest, highest));
  return fallback;
}

std::vector<std::string> Fields::texts(const std::string& name) {
  const Json& value = raw(name);
  std::vector<std::string> all;
  if (value.is_null()) return all;
  const Json list = value.is_array() ? value : Json::array({value});
  if (list.size() > kMaxListed) refuse(name, fmt::format("must list at most {} values", kMaxListed));
  for (const Json& each : list) {
    if (!each.is_string() || each.get_ref<const std::string&>().empty()) {
      refuse(name, "must be a string or a list of strings, none of them empty");
      return {};
    }
    all.push_back(each.get<std::string>());
  }
  return all;
}

std::vector<std::uint64_t> Fields::numbers(const std::string& name, std::uint64_t lowest, std::uint64_t highest) {
  const Json& value = raw(name);
  std::vector<std::uint64_t> all;
  if (value.is_null()) return all;
  const Json list = value.is_array() ? value : Json::array({value});
  if (list.size() > kMaxListed) refuse(name, fmt::format("must list at most {} values", kMaxListed));
  for (const Json& each : list) {
    const auto number = whole_number(each);
    if (!number || *number < lowest || *number > highest) {
      refuse(name, fmt::format("must be a whole number from {} to {}, or a list of them", lowest, highest));
      return {};
    }
    all.push_back(*number);
  }
  return all;
}

std::string Fields::choice(const std::string& name, std::string fallback,
                           std::initializer_list<std::string_view> allowed) {
  if (!has(name)) {
    known_.insert(name);
    return fallback;
  }
  const std::string value = text(name);
  std::string names;
  for (const auto each : allowed) {
    if (value == each) return value;
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", each);
  }
  refuse(name, "must be one of " + names);
  return fallback;
}

void Fields::ignore(std::initializer_list<std::string_view> names) {
  for (const auto name : names) known_.emplace(name);
}

void Fields::refuse(const std::string& name, std::string message) { refuse_path(path_of(name), std::move(message)); }

void Fields::refuse_path(std::string path, std::string message) {
  if (!problem_) problem_ = field_error(path, fmt::format("{} {}", path, message));
}

std::optional<ApiError> Fields::problem() {
  if (problem_ || ignores_others_ || !value_.is_object()) return problem_;
  for (const auto& [name, ignored] : value_.items()) {
    if (known_.contains(name)) continue;
    std::string names;
    for (const auto& each : known_) names += (names.empty() ? "" : ", ") + each;
    const std::string path = path_of(std::string(truncate_utf8(name, 100)));
    problem_ = field_error(path, fmt::format("there is no field {}; known here: {}", path, names));
    problem_->code = "unknown_field";
    break;
  }
  return problem_;
}

ParsedBody parse_body(std::string_view body) {
  ParsedBody parsed;
  if (body.empty()) {
    parsed.problem = field_error("", "the request has no body: a JSON object is expected");
    return parsed;
  }
  try {
    const auto limit = [](int depth, Json::parse_event_t, Json&) {
      if (depth > kMaxDepth) throw std::length_error(fmt::format("more than {} levels deep", kMaxDepth));
      return true;
    };
    parsed.value = Json::parse(body, limit);
  } catch (const Json::parse_error& error) {
    parsed.problem = field_error("", fmt::format("the body is not valid JSON (at byte {})", error.byte));
  } catch (const std::exception& error) {
    parsed.problem = field_error("", fmt::format("the body is not acceptable JSON: {}", error.what()));
  }
  if (!parsed.problem && !parsed.value.is_object()) {
    parsed.problem = field_error("", fmt::format("the body must be a JSON object, not {}", parsed.value.type_name()));
  }
  return parsed;
}

}  // namespace renvoi::app
