// robots.txt: what a site asks of those who read it by machine.
//
// RFC 9309, on bytes: groups of one agent are merged, the longest matching rule wins, allow wins a tie. Beyond the RFC,
// as Google's open parser: the usual misspellings, a missing colon, "index.html" standing for its folder, Crawl-delay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace renvoi::crawl {

inline constexpr std::size_t kMaxRobotsBytes = 500u << 10;      // RFC 9309 section 2.5; what follows is not read
inline constexpr std::size_t kMaxRobotsLineBytes = 2'083u * 8;  // the rest of a longer line is not read

struct RobotsRule {
  std::string pattern;  // percent-encoding normalised
  bool allow = false;
};

// The rules for one agent, out of one robots.txt. A value.
class Robots {
 public:
  // `agent` is a product token ("renvoi"), compared without regard to case. Any bytes are accepted.
  static Robots parse(std::string_view text, std::string_view agent);
  static Robots allow_all() { return {}; }
  static Robots disallow_all();

  // `path_and_query` as net::Url gives it ("/a/b?c", percent-encoded). /robots.txt itself may always be asked for,
  // which is the caller's to know. O(rules x length).
  bool allows(std::string_view path_and_query) const;
  std::optional<std::uint32_t> crawl_delay_ms() const { return crawl_delay_ms_; }
  const std::vector<std::string>& sitemaps() const { return sitemaps_; }

 private:
  std::vector<RobotsRule> rules_;
  std::optional<std::uint32_t> crawl_delay_ms_;
  std::vector<std::string> sitemaps_;
};

// Does `pattern` ('*' any run of bytes, '$' at the end) match a prefix of `path`? Both normalised.
bool robots_pattern_matches(std::string_view pattern, std::string_view path);
// Escapes of unreserved characters undone, the others in upper case, bytes beyond ASCII escaped: two spellings of one
// path compare equal (RFC 9309 section 2.2.2).
std::string normalize_robots_path(std::string_view path);

// X-Robots-Tag of an answer (several headers joined by ", "): "noindex", "renvoi: noindex, nofollow", "none".
struct RobotsTag {
  bool noindex = false, nofollow = false, noarchive = false;
};
RobotsTag parse_robots_tag(std::string_view value, std::string_view agent);

}  // namespace renvoi::crawl
