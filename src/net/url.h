// URLs by the WHATWG standard (ada). The only URL parser here: curl is given `href()` and a checked address, nothing
// else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace renvoi::net {

// A parsed http, https or file URL. A value.
class Url {
 public:
  // Errors: `invalid` when it does not parse or its scheme is not http, https or file; when it carries a user name or a
  // password (they would end up in an index).
  static Result<Url> parse(std::string_view text);
  static Result<Url> parse(std::string_view text, const Url& base);

  const std::string& href() const { return href_; }  // normalised, whole
  std::string without_fragment() const;              // the form under which references are kept
  std::string scheme() const;                        // "http", "https", "file"
  std::string host() const;                          // "example.org", "[::1]"; "" for file
  std::uint16_t port() const;                        // with the scheme's default filled in; 0 for file
  std::string path() const;                          // "/a/b", percent-encoded
  std::string path_and_query() const;                // "/a/b?c=d"
  std::string origin() const;                        // "https://example.org:8443" (default port omitted)
  std::string file_path() const;                     // file URLs: percent-decoded path in the file system
  bool operator==(const Url&) const = default;

 private:
  std::string href_;
};

// "file:///..." for an absolute path.
std::string file_url(std::string_view absolute_path);

}  // namespace renvoi::net
