// API keys: who may use the server, and for what. Only their SHA-256 is kept.
//
// A key has 256 random bits, so a plain hash is enough: there is nothing to guess. Comparison takes the same time
// wherever the difference is.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/file_system.h"

namespace renvoi::app {

// Each may do what the one before may. read: ask, search, look. write: add and remove sources that are on the public
// web. admin: also folders of the server, private addresses and sites without robots.txt.
enum class KeyRole : std::uint8_t { read, write, admin };
std::string_view to_string(KeyRole role);
std::optional<KeyRole> parse_key_role(std::string_view text);

struct ApiKey {
  std::string id;  // eight hexadecimal digits, public
  std::string name;
  KeyRole role = KeyRole::read;
  std::string sha256;  // hexadecimal, of the whole key
  Timestamp created_at = 0;
};

// The keys of one data folder, in <folder>/keys.json (mode 0600). Thread-safe; looks at the file again when it changed,
// so that a revoked key is refused by a running server.
class KeyRing {
 public:
  KeyRing(io::FileSystem& files, std::filesystem::path file) : files_(files), file_(std::move(file)) {}
  // Errors: `corrupt` when the file is not what we wrote.
  Result<std::vector<ApiKey>> list();
  // Gives the key itself: it is shown once and cannot be read back. Errors: `invalid` (name).
  Result<std::pair<ApiKey, std::string>> create(const std::string& name, KeyRole role, Timestamp now);
  // By id or name. Errors: `not_found`, `conflict` (a name borne by several).
  Result<ApiKey> revoke(const std::string& id_or_name);
  // The key that `secret` is, if it is one.
  Result<std::optional<ApiKey>> find(std::string_view secret);

 private:
  Result<void> load();
  Result<void> save(const std::vector<ApiKey>& keys);
  io::FileSystem& files_;
  std::filesystem::path file_;
  std::mutex mutex_;
  std::vector<ApiKey> keys_;
  std::optional<std::pair<std::int64_t, std::uint64_t>> seen_;  // time of change and size of the file that was read
};

}  // namespace renvoi::app
