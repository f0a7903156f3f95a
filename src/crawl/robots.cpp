#include "crawl/robots.h"

#include <algorithm>
#include <cstdlib>

#include "crawl/ascii.h"

namespace renvoi::crawl {
namespace {

enum class Key { user_agent, allow, disallow, crawl_delay, sitemap, other };

// The usual misspellings are accepted: who writes "dissallow" means it.
Key parse_key(std::string_view text) {
  const std::string key = lower(text);
  for (const auto name : {"user-agent", "useragent", "user agent"})
    if (key.starts_with(name)) return Key::user_agent;
  if (key.starts_with("allow")) return Key::allow;
  for (const auto name : {"disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"})
    if (key.starts_with(name)) return Key::disallow;
  if (key.starts_with("crawl-delay")) return Key::crawl_delay;
  if (key.starts_with("sitemap") || key.starts_with("site-map")) return Key::sitemap;
  return Key::other;
}

struct Line {
  Key key = Key::other;
  std::string_view value;
};

// "key: value # comment", or two words without a colon.
Line parse_line(std::string_view line) {
  line = trim(line.substr(0, line.find('#')));
  std::size_t separator = line.find(':');
  if (separator == std::string_view::npos) {
    separator = line.find_first_of(" \t");
    if (separator == std::string_view::npos) return {};
    const std::string_view rest = trim(line.substr(separator));
    if (rest.find_first_of(" \t") != std::string_view::npos) return {};  // three words: prose
  }
  const std::string_view key = trim(line.substr(0, separator));
  if (key.empty()) return {};
  return {parse_key(key), trim(line.substr(separator + 1))};
}

// "FooBot/1.2" names FooBot.
std::string_view product_token(std::string_view value) {
  std::size_t length = 0;
  while (length < value.size() &&
         ((lower(value[length]) >= 'a' && lower(value[length]) <= 'z') || value[length] == '-' || value[length] == '_'))
    ++length;
  return value.substr(0, length);
}

bool names_everyone(std::string_view value) {
  return !value.empty() && value[0] == '*' && (value.size() == 1 || is_space(value[1]));
}

std::string_view without_bom(std::string_view text) {
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  std::size_t length = 0;  // a BOM cut short is skipped too
  while (length < kBom.size() && length < text.size() && text[length] == kBom[length]) ++length;
  return text.substr(length);
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
  } else {
    const bool pair = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
    text.remove_prefix(end + (pair ? 2 : 1));
  }
  return line.substr(0, kMaxRobotsLineBytes);
}

std::optional<std::uint32_t> parse_delay(std::string_view value) {
  const std::string text(value.substr(0, 32));
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !(seconds >= 0)) return {};
  return static_cast<std::uint32_t>(std::min(seconds, 86'400.0) * 1000);
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f'); }

int hex_value(char c) { return c <= '9' ? c - '0' : lower(c) - 'a' + 10; }

enum class RawBytes { escaped, kept };

bool is_unreserved(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

// RFC 9309 section 2.2.2: escapes of unreserved characters are undone, the others have upper-case digits.
std::string normalized(std::string_view path, RawBytes raw_bytes) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto byte = static_cast<unsigned char>(path[i]);
    const bool escape = byte == '%' && i + 2 < path.size() && is_hex(path[i + 1]) && is_hex(path[i + 2]);
    const int value = escape ? hex_value(path[i + 1]) * 16 + hex_value(path[i + 2]) : byte;
    if (escape ? is_unreserved(value) : byte < 0x80 || raw_bytes == RawBytes::kept) {
      out += static_cast<char>(value);
    } else {
      out += '%';
      out += kHex[static_cast<std::size_t>(value >> 4)];
      out += kHex[static_cast<std::size_t>(value & 15)];
    }
    if (escape) i += 2;
  }
  return out;
}

struct Group {
  bool seen = false;
  std::vector<RobotsRule> rules;
  std::optional<std::uint32_t> delay_ms;
};

void add_rule(Group& group, std::string_view value, bool allow) {
  if (value.empty()) return;  // "Disallow:" forbids nothing
  group.rules.push_back({normalize_robots_path(value), allow});
  // "Allow: /docs/index.html" also allows "/docs/", which is the same page.
  const std::size_t slash = value.rfind('/');
  if (allow && slash != std::string_view::npos && value.substr(slash).starts_with("/index.htm"))
    group.rules.push_back({normalize_robots_path(value.substr(0, slash + 1)) + "$", true});
}

void add_line(Group& group, const Line& line) {
  if (line.key != Key::crawl_delay) return add_rule(group, line.value, line.key == Key::allow);
  if (const auto delay = parse_delay(line.value)) group.delay_ms = delay;
}

}  // namespace

std::string normalize_robots_path(std::string_view path) { return normalized(path, RawBytes::escaped); }

// The leftmost place of each piece between stars is as good as any other.
bool robots_pattern_matches(std::string_view pattern, std::string_view path) {
  const bool anchored = pattern.ends_with('$');
  if (anchored) pattern.remove_suffix(1);
  std::size_t at = 0;
  for (bool first = true;; first = false) {
    const std::size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    const bool last = star == std::string_view::npos;
    if (first) {
      if (!path.starts_with(piece)) return false;
      at = piece.size();
    } else if (last && anchored) {
      return path.size() >= at + piece.size() && path.ends_with(piece);
    } else {
      const std::size_t found = path.find(piece, at);
      if (found == std::string_view::npos) return false;
      at = found + piece.size();
    }
    if (last) return !anchored || at == path.size();
    pattern.remove_prefix(star + 1);
  }
}

Robots Robots::disallow_all() {
  Robots robots;
  robots.rules_.push_back({"/", false});
  return robots;
}

Robots Robots::parse(std::string_view text, std::string_view agent) {
  const std::string wanted = lower(agent);
  Group mine, everyone;
  bool in_mine = false, in_everyone = false, rules_seen = false;
  Robots robots;
  text = without_bom(text.substr(0, kMaxRobotsBytes));
  while (!text.empty()) {
    const Line line = parse_line(take_line(text));
    if (line.key == Key::sitemap && robots.sitemaps_.size() < 1'000) robots.sitemaps_.emplace_back(line.value);
    if (line.key == Key::user_agent) {
      if (rules_seen) in_mine = in_everyone = rules_seen = false;
      if (names_everyone(line.value)) in_everyone = true;
      if (lower(product_token(line.value)) == wanted && !wanted.empty()) in_mine = mine.seen = true;
    } else if (line.key != Key::sitemap && line.key != Key::other && (in_mine || in_everyone)) {
      if (in_mine) add_line(mine, line);
      if (in_everyone) add_line(everyone, line);
    }
    // A rule ends the list of agents, whoever they are.
    if (line.key == Key::allow || line.key == Key::disallow) rules_seen = true;
  }
  Group& chosen = mine.seen ? mine : everyone;
  robots.rules_ = std::move(chosen.rules);
  robots.crawl_delay_ms_ = chosen.delay_ms;
  return robots;
}

bool Robots::allows(std::string_view path_and_query) const {
  const std::string path = normalized(path_and_query.empty() ? "/" : path_and_query, RawBytes::kept);
  std::size_t best_allow = 0, best_disallow = 0;
  for (const RobotsRule& rule : rules_) {
    std::size_t& best = rule.allow ? best_allow : best_disallow;
    if (rule.pattern.size() > best && robots_pattern_matches(rule.pattern, path)) best = rule.pattern.size();
  }
  return best_allow >= best_disallow;
}

RobotsTag parse_robots_tag(std::string_view value, std::string_view agent) {
  RobotsTag tag;
  bool for_me = true;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    std::string word = lower(trim(value.substr(begin, end - begin)));
    begin = end + 1;
    if (const std::size_t colon = word.find(':'); colon != std::string::npos) {
      const std::string name(trim(std::string_view(word).substr(0, colon)));
      if (name == "unavailable_after" || name.starts_with("max-")) continue;
      for_me = name == lower(agent);
      word = trim(std::string_view(word).substr(colon + 1));
    }
    if (!for_me) continue;
    tag.noindex |= word == "noindex" || word == "none";
    tag.nofollow |= word == "nofollow" || word == "none";
    tag.noarchive |= word == "noarchive" || word == "nocache";
  }
  return tag;
}

}  // namespace renvoi::crawl
