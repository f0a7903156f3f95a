#include "probes.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "models.h"

namespace renvoi::app {
namespace {

std::filesystem::path file_of(const Config& config, const std::string& key) {
  return config.data / "probes" / (key + ".json");
}

}  // namespace

std::string probe_key(const model::ModelManifest& manifest) { return manifest.digest; }

std::string endpoint_probe_key(const Config& config) {
  const Sha256 digest = sha256(config.generate.endpoint + '\n' + config.generate.model);
  return "endpoint-" + to_hex(std::as_bytes(std::span(digest)));
}

Json json_of(const answer::ProbeReport& report) {
  Json cases = Json::array();
  for (const answer::ProbeCase& one : report.cases) {
    cases.push_back({{"language", one.language},
                     {"question", one.question},
                     {"expected", one.expected.empty() ? Json(nullptr) : Json(one.expected)},
                     {"wrote", one.wrote},
                     {"shown", one.shown},
                     {"problem", one.problem.empty() ? Json(nullptr) : Json(one.problem)}});
  }
  return {{"trusted", report.trusted},
          {"summary", report.summary},
          {"answers", report.answers},
          {"answers_held", report.answers_held},
          {"without_answer", report.without},
          {"refused", report.refused},
          {"supported", report.supported},
          {"unsupported", report.unsupported},
          {"repeated", report.repeated},
          {"wrong_language", report.wrong_language},
          {"cases", cases}};
}

Json json_of(const StoredProbe& probe) {
  Json value = probe.report.is_object() ? probe.report : Json::object();
  value["trusted"] = probe.trusted && probe.version == answer::kProbeVersion;
  value["summary"] = probe.summary;
  value["tested_at"] = json_time(probe.at);
  value["renvoi_version"] = probe.renvoi_version;
  value["outdated"] = probe.version != answer::kProbeVersion;
  return value;
}

Result<void> record_probe(const Config& config, io::FileSystem& files, const std::string& key, Timestamp now,
                          const answer::ProbeReport& report) {
  const Json value{{"version", answer::kProbeVersion},
                   {"renvoi_version", RENVOI_VERSION},
                   {"at", to_rfc3339(now)},
                   {"key", key},
                   {"report", json_of(report)}};
  const std::string text = value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::filesystem::path file = file_of(config, key);
  RENVOI_CHECK(files.create_folders(file.parent_path()));
  return files.replace(file, std::as_bytes(std::span(text.data(), text.size())));
}

std::optional<StoredProbe> read_probe(const Config& config, io::FileSystem& files, const std::string& key) {
  const auto text = files.read(file_of(config, key), 1u << 20);
  if (!text) return {};
  const Json value = Json::parse(*text, nullptr, false);
  if (!value.is_object() || !value.contains("report") || !value.at("report").is_object()) return {};
  try {
    if (value.at("key").get<std::string>() != key) return {};
    StoredProbe probe;
    probe.version = value.at("version").get<std::uint32_t>();
    probe.renvoi_version = value.at("renvoi_version").get<std::string>();
    probe.at = parse_rfc3339(value.at("at").get<std::string>()).value_or(0);
    probe.report = value.at("report");
    probe.trusted = probe.report.at("trusted").get<bool>();
    probe.summary = probe.report.at("summary").get<std::string>();
    return probe;
  } catch (const std::exception&) {
    return {};
  }
}

std::string distrust(const Config& config, const std::optional<StoredProbe>& probe, const std::string& name) {
  if (config.generate.trust == "always") return {};
  const std::string command = name.empty() ? "renvoi model probe" : "renvoi model probe " + name;
  const std::string model = name.empty() ? "the model of the endpoint" : "the model " + name;
  if (!probe) return fmt::format("{} has not been tested: '{}' does", model, command);
  if (probe->version != answer::kProbeVersion)
    return fmt::format("{} was tested by other questions, of renvoi {}: '{}' tests it again", model,
                       probe->renvoi_version, command);
  if (!probe->trusted) return fmt::format("{} failed its test ({})", model, probe->summary);
  return {};
}

namespace {

Json trust_view(const Config& config, const std::optional<StoredProbe>& probe, const std::string& name) {
  const std::string why = distrust(config, probe, name);
  return {{"may_generate", why.empty()},
          {"distrust", why.empty() ? Json(nullptr) : Json(why)},
          {"probe", probe ? json_of(*probe) : Json(nullptr)}};
}

}  // namespace

Json trust_view(const Config& config, io::FileSystem& files, const model::ModelManifest& manifest) {
  if (manifest.role == model::ModelRole::generate)
    return trust_view(config, read_probe(config, files, probe_key(manifest)), manifest.name);
  return {{"may_generate", false}, {"distrust", nullptr}, {"probe", nullptr}};
}

Json endpoint_view(const Config& config, io::FileSystem& files) {
  if (config.generate.endpoint.empty()) return nullptr;
  Json view = trust_view(config, read_probe(config, files, endpoint_probe_key(config)), "");
  view["model"] = config.generate.model;
  return view;
}

}  // namespace renvoi::app
