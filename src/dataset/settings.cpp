#include "dataset/settings.h"

#include <nlohmann/json.hpp>
#include <set>

namespace renvoi::dataset {
namespace {

constexpr std::size_t kMaxClasses = 10'000;

Error invalid(const char* what) { return {ErrorCode::invalid, std::string("settings of a dataset: ") + what}; }

}  // namespace

Result<Settings> parse_settings(std::string_view json) {
  Settings settings;
  if (json.empty()) return settings;
  const auto value = nlohmann::json::parse(json, nullptr, false);
  if (!value.is_object()) return invalid("not a JSON object");
  for (const auto& [name, field] : value.items()) {
    if (name == "agree" || name == "asked") {
      if (!field.is_number_unsigned() || field.get<std::uint64_t>() < 1 || field.get<std::uint64_t>() > 100)
        return invalid("'agree' and 'asked' are numbers from 1 to 100");
      (name == "agree" ? settings.rule.agree : settings.rule.asked) = field.get<std::uint32_t>();
    } else if (name == "classes") {
      if (!field.is_array() || field.size() > kMaxClasses) return invalid("'classes' is a list of 10,000 at most");
      std::set<std::string> seen;
      for (const auto& entry : field) {
        if (!entry.is_string() || entry.get<std::string>().empty()) return invalid("a class is a text");
        if (!seen.insert(entry.get<std::string>()).second) return invalid("a class is named twice");
        settings.classes.push_back(entry.get<std::string>());
      }
    } else if (name == "title" || name == "description" || name == "licence") {
      if (!field.is_string()) return invalid("'title', 'description' and 'licence' are texts");
      (name == "title"     ? settings.title
       : name == "licence" ? settings.licence
                           : settings.description) = field.get<std::string>();
    } else {
      return Error{ErrorCode::invalid, "settings of a dataset: there is no field '" + name + "'"};
    }
  }
  if (settings.rule.agree > settings.rule.asked) return invalid("'agree' may not be more than 'asked'");
  return settings;
}

std::string to_json(const Settings& settings) {
  const nlohmann::json value{{"agree", settings.rule.agree},        {"asked", settings.rule.asked},
                             {"classes", settings.classes},         {"title", settings.title},
                             {"description", settings.description}, {"licence", settings.licence}};
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace renvoi::dataset
