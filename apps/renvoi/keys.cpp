#include "keys.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "base/hash.h"

namespace renvoi::app {
namespace {

using Json = nlohmann::json;
constexpr std::uint64_t kMaxKeyFileBytes = 4u << 20;
constexpr std::size_t kMaxNameBytes = 100;

std::string hash_of(std::string_view secret) { return to_hex(sha256(secret)); }

// Takes as long for every wrong value of the same length.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

template <std::size_t Size>
Result<std::string> random_hex() {
  std::array<std::byte, Size> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return Error{ErrorCode::internal, "the system gives no random bytes (getrandom failed)"};
  }
  return to_hex(bytes);
}

}  // namespace

std::string_view to_string(KeyRole role) {
  switch (role) {
    case KeyRole::read:
      return "read";
    case KeyRole::write:
      return "write";
    case KeyRole::admin:
      return "admin";
  }
  return "read";
}

std::optional<KeyRole> parse_key_role(std::string_view text) {
  for (const KeyRole role : {KeyRole::read, KeyRole::write, KeyRole::admin}) {
    if (text == to_string(role)) return role;
  }
  return {};
}

Result<void> KeyRing::load() {
  std::error_code failed;
  const auto changed = std::filesystem::last_write_time(file_, failed);
  if (failed) {
    keys_.clear();
    seen_.reset();
    return {};
  }
  const auto size = std::filesystem::file_size(file_, failed);
  const std::pair<std::int64_t, std::uint64_t> now{changed.time_since_epoch().count(), size};
  if (seen_ == now) return {};
  RENVOI_TRY(const std::string text, files_.read(file_, kMaxKeyFileBytes));
  std::vector<ApiKey> keys;
  try {
    const Json parsed = Json::parse(text);  // a range-for would not keep the temporary alive
    for (const Json& each : parsed.at("keys")) {
      const auto role = parse_key_role(each.at("role").get<std::string>());
      if (!role) throw std::runtime_error("unknown role");
      keys.push_back({each.at("id"), each.at("name"), *role, each.at("sha256"), each.at("created_at")});
    }
  } catch (const std::exception& error) {
    return Error{ErrorCode::corrupt, fmt::format("{} cannot be read ({}): restore it from a backup, or delete it and "
                                                 "create the keys again with 'renvoi key new'",
                                                 file_.string(), error.what())};
  }
  keys_ = std::move(keys);
  seen_ = now;
  return {};
}

Result<void> KeyRing::save(const std::vector<ApiKey>& keys) {
  Json list = Json::array();
  for (const ApiKey& key : keys) {
    list.push_back({{"id", key.id},
                    {"name", key.name},
                    {"role", std::string(to_string(key.role))},
                    {"sha256", key.sha256},
                    {"created_at", key.created_at}});
  }
  const std::string text = Json{{"keys", list}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  RENVOI_CHECK(files_.create_folders(file_.parent_path()));
  RENVOI_CHECK(files_.replace(file_, std::as_bytes(std::span(text.data(), text.size())), 0600));
  seen_.reset();
  return {};
}

Result<std::vector<ApiKey>> KeyRing::list() {
  const std::lock_guard lock(mutex_);
  RENVOI_CHECK(load());
  return keys_;
}

Result<std::pair<ApiKey, std::string>> KeyRing::create(const std::string& name, KeyRole role, Timestamp now) {
  const bool plain = std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name.empty() || name.size() > kMaxNameBytes || !plain) {
    return Error{ErrorCode::invalid,
                 fmt::format("a key's name must have 1 to {} bytes and no control characters", kMaxNameBytes)};
  }
  const std::lock_guard lock(mutex_);
  RENVOI_CHECK(load());
  RENVOI_TRY(const std::string id, random_hex<4>());
  RENVOI_TRY(const std::string random, random_hex<32>());
  const std::string secret = "rnv_" + random;
  const ApiKey key{id, name, role, hash_of(secret), now};
  std::vector<ApiKey> keys = keys_;
  keys.push_back(key);
  RENVOI_CHECK(save(keys));
  return std::pair{key, secret};
}

Result<ApiKey> KeyRing::revoke(const std::string& id_or_name) {
  const std::lock_guard lock(mutex_);
  RENVOI_CHECK(load());
  std::vector<ApiKey> kept, found;
  for (const ApiKey& key : keys_) (key.id == id_or_name || key.name == id_or_name ? found : kept).push_back(key);
  if (found.empty())
    return Error{ErrorCode::not_found, fmt::format("there is no key '{}': see renvoi key list", id_or_name)};
  if (found.size() > 1) {
    return Error{ErrorCode::conflict, fmt::format("{} keys are called '{}': give the id instead (renvoi key list)",
                                                  found.size(), id_or_name)};
  }
  RENVOI_CHECK(save(kept));
  return found.front();
}

Result<std::optional<ApiKey>> KeyRing::find(std::string_view secret) {
  const std::lock_guard lock(mutex_);
  RENVOI_CHECK(load());
  const std::string wanted = hash_of(secret);
  std::optional<ApiKey> found;
  for (const ApiKey& key : keys_) {  // all of them: the time must not tell which
    if (same(key.sha256, wanted)) found = key;
  }
  return found;
}

}  // namespace renvoi::app
