#include "config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cstdlib>
#include <functional>
#include <limits>
#include <optional>
#include <sstream>
#include <type_traits>

#include "io/file_system.h"

namespace renvoi::app {
namespace {

namespace fs = std::filesystem;

// Sets one value; gives what is wrong with it.
using Setter = std::function<std::optional<std::string>(const toml::node&, Config&)>;

// Gives it as the file would have it.
using Getter = std::function<std::string(Config&)>;

struct Setting {
  std::string name;  // "server.port"
  Setter set;
  Getter get;
};

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return out + "\"";
}

template <typename T>
std::string shown(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    std::string list;
    for (const std::string& each : value) list += (list.empty() ? "" : ", ") + in_quotes(each);
    return "[" + list + "]";
  } else if constexpr (std::is_same_v<T, fs::path>) {
    return in_quotes(value.string());
  } else {
    return in_quotes(value);
  }
}

template <typename T>
std::optional<std::string> assign(const toml::node& node, T& target) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!node.is_boolean()) return "must be true or false";
    target = node.as_boolean()->get();
  } else if constexpr (std::is_integral_v<T>) {
    if (!node.is_integer()) return "must be a whole number";
    const std::int64_t value = node.as_integer()->get();
    const auto highest = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (value < 0 || static_cast<std::uint64_t>(value) > highest) return fmt::format("must be from 0 to {}", highest);
    target = static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    if (!node.is_array()) return "must be a list of strings";
    target.clear();
    for (const toml::node& element : *node.as_array()) {
      if (!element.is_string()) return "must be a list of strings";
      target.push_back(element.as_string()->get());
    }
  } else {
    if (!node.is_string()) return "must be a string";
    target = node.as_string()->get();
  }
  return {};
}

// `field` gives the member that the setting fills.
template <typename Field>
Setting setting(std::string name, Field field) {
  return {std::move(name), [field](const toml::node& node, Config& config) { return assign(node, field(config)); },
          [field](Config& config) { return shown(field(config)); }};
}

std::optional<std::string> set_answer_mode(const toml::node& node, Config& config) {
  if (auto problem = assign(node, config.answer.mode)) return problem;
  const std::string& mode = config.answer.mode;
  if (mode == "auto" || mode == "extractive" || mode == "generative") return {};
  return "must be \"auto\", \"extractive\" or \"generative\"";
}

std::optional<std::string> set_answer_scope(const toml::node& node, Config& config) {
  if (auto problem = assign(node, config.answer.scope)) return problem;
  const std::string& scope = config.answer.scope;
  if (scope == "index" || scope == "web" || scope == "auto") return {};
  return "must be \"index\", \"web\" or \"auto\"";
}

// Each is a thread and a connection.
std::optional<std::string> set_hosts_at_once(const toml::node& node, Config& config) {
  if (auto problem = assign(node, config.fetch.hosts_at_once)) return problem;
  if (config.fetch.hosts_at_once >= 1 && config.fetch.hosts_at_once <= 256) return {};
  return "must be from 1 to 256";
}

std::optional<std::string> set_retention(const toml::node& node, Config& config) {
  std::string text;
  if (auto problem = assign(node, text)) return problem;
  const auto retention = catalog::parse_retention(text);
  if (!retention) return "must be \"none\", \"text\" or \"page\"";
  config.source.retention = *retention;
  return {};
}

std::optional<std::string> set_web_keep(const toml::node& node, Config& config) {
  std::string text;
  if (auto problem = assign(node, text)) return problem;
  config.web.keep = catalog::parse_retention(text);
  if (text.empty() || config.web.keep) return {};
  return "must be \"\" (nothing is kept), \"none\" (the index only), \"text\" or \"page\"";
}

std::optional<std::string> set_generate_trust(const toml::node& node, Config& config) {
  if (auto problem = assign(node, config.generate.trust)) return problem;
  if (config.generate.trust == "probe" || config.generate.trust == "always") return {};
  return "must be \"probe\" or \"always\"";
}

std::vector<Setting> all_settings() {
  return {
      setting("data", [](Config& c) -> fs::path& { return c.data; }),
      setting(
          "embed.model", [](Config & c) -> auto& { return c.embed.model; }),
      setting(
          "embed.threads", [](Config & c) -> auto& { return c.embed.threads; }),
      setting(
          "generate.model", [](Config & c) -> auto& { return c.generate.model; }),
      setting(
          "generate.endpoint", [](Config & c) -> auto& { return c.generate.endpoint; }),
      setting(
          "generate.api_key_env", [](Config & c) -> auto& { return c.generate.api_key_env; }),
      setting(
          "generate.threads", [](Config & c) -> auto& { return c.generate.threads; }),
      setting(
          "generate.context_tokens", [](Config & c) -> auto& { return c.generate.context_tokens; }),
      setting(
          "generate.answers_at_once", [](Config & c) -> auto& { return c.generate.answers_at_once; }),
      {"generate.trust", set_generate_trust, [](Config& c) { return shown(c.generate.trust); }},
      {"answer.mode", set_answer_mode, [](Config& c) { return shown(c.answer.mode); }},
      {"answer.scope", set_answer_scope, [](Config& c) { return shown(c.answer.scope); }},
      setting(
          "answer.max_citations", [](Config & c) -> auto& { return c.answer.max_citations; }),
      setting(
          "answer.evidence_references", [](Config & c) -> auto& { return c.answer.evidence_references; }),
      setting(
          "answer.fetch_timeout_ms", [](Config & c) -> auto& { return c.answer.fetch_timeout_ms; }),
      setting(
          "answer.verify_ms", [](Config & c) -> auto& { return c.answer.verify_ms; }),
      setting(
          "answer.deadline_ms", [](Config & c) -> auto& { return c.answer.deadline_ms; }),
      setting(
          "answer.cache_bytes", [](Config & c) -> auto& { return c.answer.cache_bytes; }),
      setting(
          "web.endpoint", [](Config & c) -> auto& { return c.web.endpoint; }),
      setting(
          "web.query_field", [](Config & c) -> auto& { return c.web.query_field; }),
      setting(
          "web.language_field", [](Config & c) -> auto& { return c.web.language_field; }),
      setting(
          "web.key_header", [](Config & c) -> auto& { return c.web.key_header; }),
      setting(
          "web.key_env", [](Config & c) -> auto& { return c.web.key_env; }),
      setting(
          "web.results", [](Config & c) -> auto& { return c.web.results; }),
      setting(
          "web.address", [](Config & c) -> auto& { return c.web.address; }),
      setting(
          "web.title", [](Config & c) -> auto& { return c.web.title; }),
      setting(
          "web.snippet", [](Config & c) -> auto& { return c.web.snippet; }),
      setting(
          "web.allow_private_addresses", [](Config & c) -> auto& { return c.web.allow_private_addresses; }),
      {"web.keep", set_web_keep,
       [](Config& c) { return in_quotes(c.web.keep ? catalog::to_string(*c.web.keep) : std::string_view()); }},
      setting(
          "fetch.contact", [](Config & c) -> auto& { return c.fetch.contact; }),
      setting(
          "fetch.ca_bundle", [](Config & c) -> auto& { return c.fetch.ca_bundle; }),
      setting(
          "fetch.robots_agent", [](Config & c) -> auto& { return c.fetch.robots_agent; }),
      setting(
          "fetch.max_body_bytes", [](Config & c) -> auto& { return c.fetch.max_body_bytes; }),
      setting(
          "fetch.total_timeout_ms", [](Config & c) -> auto& { return c.fetch.total_timeout_ms; }),
      {"fetch.hosts_at_once", set_hosts_at_once, [](Config& c) { return shown(c.fetch.hosts_at_once); }},
      setting(
          "fetch.requests_per_minute", [](Config & c) -> auto& { return c.fetch.requests_per_minute; }),
      setting(
          "fetch.source_requests_per_minute", [](Config & c) -> auto& { return c.fetch.source_requests_per_minute; }),
      {"source.retention", set_retention, [](Config& c) { return in_quotes(catalog::to_string(c.source.retention)); }},
      setting(
          "source.max_depth", [](Config & c) -> auto& { return c.source.max_depth; }),
      setting(
          "source.max_pages", [](Config & c) -> auto& { return c.source.max_pages; }),
      setting(
          "source.min_delay_ms", [](Config & c) -> auto& { return c.source.min_delay_ms; }),
      setting(
          "source.revisit_after_s", [](Config & c) -> auto& { return c.source.revisit_after_s; }),
      setting(
          "life.suspect_recheck_1_s", [](Config & c) -> auto& { return c.life.suspect_recheck_s[0]; }),
      setting(
          "life.suspect_recheck_2_s", [](Config & c) -> auto& { return c.life.suspect_recheck_s[1]; }),
      setting(
          "life.suspect_recheck_3_s", [](Config & c) -> auto& { return c.life.suspect_recheck_s[2]; }),
      setting(
          "life.gone_410_confirm_s", [](Config & c) -> auto& { return c.life.gone_410_confirm_s; }),
      setting(
          "life.gone_missing_times", [](Config & c) -> auto& { return c.life.gone_missing_times; }),
      setting(
          "life.gone_missing_s", [](Config & c) -> auto& { return c.life.gone_missing_s; }),
      setting(
          "life.host_down_first_s", [](Config & c) -> auto& { return c.life.host_down_first_s; }),
      setting(
          "life.host_down_longest_s", [](Config & c) -> auto& { return c.life.host_down_longest_s; }),
      setting(
          "life.host_down_gone_s", [](Config & c) -> auto& { return c.life.host_down_gone_s; }),
      setting(
          "life.host_down_scout_s", [](Config & c) -> auto& { return c.life.host_down_scout_s; }),
      setting(
          "life.host_down_gone_tries", [](Config & c) -> auto& { return c.life.host_down_gone_tries; }),
      setting(
          "life.blocked_recheck_s", [](Config & c) -> auto& { return c.life.blocked_recheck_s; }),
      setting(
          "life.mass_death_s", [](Config & c) -> auto& { return c.life.mass_death_s; }),
      setting(
          "life.gone_recheck_1_s", [](Config & c) -> auto& { return c.life.gone_recheck_s[0]; }),
      setting(
          "life.gone_recheck_2_s", [](Config & c) -> auto& { return c.life.gone_recheck_s[1]; }),
      setting(
          "life.gone_recheck_3_s", [](Config & c) -> auto& { return c.life.gone_recheck_s[2]; }),
      setting(
          "life.gone_recheck_4_s", [](Config & c) -> auto& { return c.life.gone_recheck_s[3]; }),
      setting(
          "life.probe", [](Config & c) -> auto& { return c.probe; }),
      setting(
          "revisit.adaptive", [](Config & c) -> auto& { return c.revisit.adaptive; }),
      setting(
          "revisit.shortest_s", [](Config & c) -> auto& { return c.revisit.shortest_s; }),
      setting(
          "revisit.lists_s", [](Config & c) -> auto& { return c.revisit.lists_s; }),
      setting(
          "revisit.longest_s", [](Config & c) -> auto& { return c.revisit.longest_s; }),
      setting(
          "revisit.unconditional_each", [](Config & c) -> auto& { return c.revisit.unconditional_each; }),
      setting(
          "server.address", [](Config & c) -> auto& { return c.server.address; }),
      setting(
          "server.port", [](Config & c) -> auto& { return c.server.port; }),
      setting(
          "server.names", [](Config & c) -> auto& { return c.server.names; }),
      setting(
          "server.require_key", [](Config & c) -> auto& { return c.server.require_key; }),
      setting(
          "server.handler_threads", [](Config & c) -> auto& { return c.server.handler_threads; }),
      setting(
          "server.max_queued_requests", [](Config & c) -> auto& { return c.server.max_queued_requests; }),
      setting(
          "server.max_connections", [](Config & c) -> auto& { return c.server.max_connections; }),
      setting(
          "server.max_body_bytes", [](Config & c) -> auto& { return c.server.max_body_bytes; }),
      setting(
          "server.max_header_bytes", [](Config & c) -> auto& { return c.server.max_header_bytes; }),
      setting(
          "server.read_timeout_ms", [](Config & c) -> auto& { return c.server.read_timeout_ms; }),
      setting(
          "server.idle_timeout_ms", [](Config & c) -> auto& { return c.server.idle_timeout_ms; }),
      setting(
          "server.write_timeout_ms", [](Config & c) -> auto& { return c.server.write_timeout_ms; }),
      setting(
          "server.keep_feedback", [](Config & c) -> auto& { return c.server.keep_feedback; }),
      setting(
          "server.watch_folders", [](Config & c) -> auto& { return c.server.watch_folders; }),
      setting(
          "server.folder_pass_s", [](Config & c) -> auto& { return c.server.folder_pass_s; }),
  };
}

std::string known_names(const std::vector<Setting>& settings, const std::string& section) {
  std::string names;
  for (const Setting& each : settings) {
    const auto dot = each.name.find('.');
    const std::string own = dot == std::string::npos ? "" : each.name.substr(0, dot);
    if (own != section) continue;
    names += (names.empty() ? "" : ", ") + each.name.substr(dot == std::string::npos ? 0 : dot + 1);
  }
  return names;
}

Error wrong(const std::string& file, const toml::node& node, const std::string& what) {
  return {ErrorCode::invalid, fmt::format("{}:{}: {}", file, node.source().begin.line, what)};
}

Result<void> apply(const toml::node& node, const std::string& name, const std::string& section, const std::string& file,
                   const std::vector<Setting>& settings, Config& config) {
  for (const Setting& each : settings) {
    if (each.name != name) continue;
    if (auto problem = each.set(node, config)) return wrong(file, node, fmt::format("{} {}", name, *problem));
    return {};
  }
  return wrong(
      file, node,
      fmt::format("there is no setting '{}'; {} knows: {}", name,
                  section.empty() ? "the top of the file" : "[" + section + "]", known_names(settings, section)));
}

// The value of a variable that names a folder, or `fallback` under the home folder.
fs::path folder_of(const char* variable, const char* fallback) {
  const std::string value = environment(variable);
  if (!value.empty() && fs::path(value).is_absolute()) return value;  // XDG: relative paths are ignored
  const std::string home = environment("HOME");
  return fs::path(home.empty() ? "/" : home) / fallback;
}

}  // namespace

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path program_folder() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  return failed ? fs::path() : program.parent_path();
}

Result<void> parse_config(std::string_view text, const std::string& file_name, Config& config) {
  const std::vector<Setting> settings = all_settings();
  toml::table root;
  try {
    root = toml::parse(text, file_name);
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::invalid,
                 fmt::format("{}:{}: not valid TOML: {}", file_name, error.source().begin.line, error.description())};
  }
  for (auto&& [key, node] : root) {
    const std::string name(key.str());
    if (!node.is_table()) {
      RENVOI_CHECK(apply(node, name, "", file_name, settings, config));
      continue;
    }
    if (known_names(settings, name).empty()) {
      return wrong(
          file_name, node,
          fmt::format("there is no section [{}]; known: embed, generate, answer, fetch, source, life, revisit, server",
                      name));
    }
    for (auto&& [inner, value] : *node.as_table()) {
      RENVOI_CHECK(apply(value, name + "." + std::string(inner.str()), name, file_name, settings, config));
    }
  }
  return {};
}

std::vector<EffectiveSetting> effective_settings(const Config& config) {
  Config now = config, usual;
  std::vector<EffectiveSetting> all;
  for (const Setting& each : all_settings()) all.push_back({each.name, each.get(now), each.get(usual)});
  return all;
}

Result<Config> load_config(const ConfigRequest& request) {
  Config config;
  fs::path file = request.config_file;
  if (file.empty()) file = environment("RENVOI_CONFIG");
  const bool asked = !file.empty();
  if (!asked) file = folder_of("XDG_CONFIG_HOME", ".config") / "renvoi/config.toml";
  auto files = io::real_file_system();
  if (asked || files->exists(file)) {
    constexpr std::uint64_t kMaxConfigBytes = 1u << 20;
    auto text = files->read(file, kMaxConfigBytes);
    if (!text) return text.error().in("configuration file");
    RENVOI_CHECK(parse_config(*text, file.string(), config));
    config.file = file;
  }
  if (!request.data_folder.empty()) {
    config.data = request.data_folder;
  } else if (const std::string variable = environment("RENVOI_DATA"); !variable.empty()) {
    config.data = variable;
  } else if (config.data.empty()) {
    config.data = folder_of("XDG_DATA_HOME", ".local/share") / "renvoi";
  }
  std::error_code failed;
  config.data = fs::absolute(config.data, failed).lexically_normal();
  return config;
}

}  // namespace renvoi::app
