// What the tests of generation models said, kept in the data folder: <data>/probes/<key>.json, where the key is the
// model's SHA-256, or of an endpoint that of its address and the model's name.
#pragma once

#include <optional>
#include <string>

#include "answer/probe.h"
#include "base/clock.h"
#include "base/result.h"
#include "config.h"
#include "io/file_system.h"
#include "json_view.h"
#include "model/model_store.h"

namespace renvoi::app {

struct StoredProbe {
  std::uint32_t version = 0;   // answer::kProbeVersion of the program that made it
  std::string renvoi_version;  // for people
  Timestamp at = 0;
  bool trusted = false;
  std::string summary;
  Json report;  // every question with what was written
};

std::string probe_key(const model::ModelManifest& manifest);
std::string endpoint_probe_key(const Config& config);

Result<void> record_probe(const Config& config, io::FileSystem& files, const std::string& key, Timestamp now,
                          const answer::ProbeReport& report);
// Nothing when there is none, or none that can be read.
std::optional<StoredProbe> read_probe(const Config& config, io::FileSystem& files, const std::string& key);

// Why the model may not write answers: not tested, tested by other questions, or failed. "" when it may, or when
// generate.trust says so. `name`: what 'renvoi model probe' is given, "" for an endpoint.
std::string distrust(const Config& config, const std::optional<StoredProbe>& probe, const std::string& name);

Json json_of(const answer::ProbeReport& report);
Json json_of(const StoredProbe& probe);

// Whether a model of the store may write answers, why not, and what its test said, for GET /api/models.
Json trust_view(const Config& config, io::FileSystem& files, const model::ModelManifest& manifest);
// The same of generate.endpoint; null without one. No address: it may hold a secret.
Json endpoint_view(const Config& config, io::FileSystem& files);

}  // namespace renvoi::app
