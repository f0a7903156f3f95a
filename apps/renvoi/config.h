// The settings: one TOML file, every key optional, every default right. Listed in docs/operations.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/types.h"
#include "crawl/reference_state.h"
#include "crawl/revisit.h"

namespace renvoi::app {

struct Config {
  std::filesystem::path file;  // the file it came from; empty when there was none
  std::filesystem::path data;  // the data folder; see find_data_folder

  struct {
    std::string model;          // a name of `renvoi model list`; empty: the only one, or multilingual-e5-small-q4_0
    std::uint32_t threads = 0;  // 0: as many as there are cores
  } embed;
  struct {
    std::string model;        // a name of `renvoi model list`, or with `endpoint` the endpoint's name for it
    std::string endpoint;     // base URL of an OpenAI-compatible API
    std::string api_key_env;  // the environment variable that holds the endpoint's key
    std::uint32_t threads = 0;
    std::uint32_t context_tokens = 2'048;
    std::uint32_t answers_at_once = 4;
    std::string trust = "probe";  // probe (a model writes answers once it passed its test), always
  } generate;
  struct {
    std::string mode = "auto";    // auto (generative when the model passed its probe), extractive, generative
    std::string scope = "index";  // index, web, auto: where evidence is looked for
    std::uint32_t max_citations = 4;
    std::uint32_t evidence_references = 6;
    std::uint32_t verify_ms = 1'500;
    std::uint32_t fetch_timeout_ms = 8'000;
    std::uint32_t deadline_ms = 60'000;
    std::uint64_t cache_bytes = 256u << 20;
  } answer;
  struct {
    std::string endpoint;  // a search engine that answers with JSON, with its fixed parameters
    std::string query_field = "q", language_field = "language";
    std::string key_header, key_env;  // a header, and the environment variable that holds its value
    std::string results = "results", address = "url", title = "title", snippet = "content";
    bool allow_private_addresses = false;    // of the pages it names
    std::optional<catalog::Retention> keep;  // of the pages that answers cite in scope `auto`; nothing: not kept
  } web;
  struct {
    std::string contact;    // address of a page or a mailbox, told to the sites that are visited
    std::string ca_bundle;  // extra CA certificates (PEM)
    std::string robots_agent = "renvoi";
    std::uint64_t max_body_bytes = 64u << 20;
    std::uint32_t total_timeout_ms = 60'000;
    std::uint32_t hosts_at_once = 32;              // of one pass over a source
    std::uint32_t requests_per_minute = 0;         // to all servers together; 0: no limit
    std::uint32_t source_requests_per_minute = 0;  // of one source's pass; 0: no limit
  } fetch;
  catalog::SourcePolicy source;  // defaults of `renvoi add`
  crawl::LifePolicy life;        // when a reference is suspected, gone, looked at again
  crawl::RevisitPolicy revisit;
  bool probe = true;  // ask a host for a page that cannot exist
  struct {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    std::vector<std::string> names;  // host names under which it may be addressed, besides localhost
    bool require_key = false;        // also on loopback
    std::uint32_t handler_threads = 8;
    std::uint32_t max_queued_requests = 512;
    std::uint32_t max_connections = 1'024;
    std::uint64_t max_body_bytes = 16u << 20;
    std::uint32_t max_header_bytes = 32u << 10;
    std::uint32_t read_timeout_ms = 30'000;
    std::uint32_t idle_timeout_ms = 60'000;
    std::uint32_t write_timeout_ms = 30'000;
    bool keep_feedback = false;           // what people say of answers, in <data>/feedback
    bool watch_folders = true;            // folders are read while they change
    std::uint32_t folder_pass_s = 3'600;  // and from end to end this often
  } server;
};

// What the command line and the environment say about where things are.
struct ConfigRequest {
  std::filesystem::path config_file;  // --config; empty: $RENVOI_CONFIG, then $XDG_CONFIG_HOME/renvoi/config.toml
  std::filesystem::path data_folder;  // --data; empty: $RENVOI_DATA, the file's `data`, then $XDG_DATA_HOME/renvoi
};

// Errors: `not_found` (a file that was asked for), `invalid` (names file, line and key).
Result<Config> load_config(const ConfigRequest& request);

// For tests and for load_config: settings out of the text of `file`.
Result<void> parse_config(std::string_view text, const std::string& file_name, Config& config);

// A setting as it is in force.
struct EffectiveSetting {
  std::string name;          // "answer.mode"
  std::string value, usual;  // as the file would have it; usual: where the file does not name it
};
std::vector<EffectiveSetting> effective_settings(const Config& config);

// The folder of the running program.
std::filesystem::path program_folder();

// "" when it is not set.
std::string environment(const char* name);

}  // namespace renvoi::app
