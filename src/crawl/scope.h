// Which addresses belong to a source: the same host, under a path, of a kind that may be a document. What a feed, a
// list or an OPML file names may be anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/types.h"
#include "net/url.h"

namespace renvoi::crawl {

// A value.
class Scope {
 public:
  // Errors: `invalid` when the source's address is not a URL.
  static Result<Scope> of(const catalog::Source& source);
  // Same origin (http and https of one host are one) unless it is anywhere(), under the prefix, and not an image, an
  // archive, a program... (but what stands in a list was put there on purpose).
  bool holds(const net::Url& url) const;
  bool anywhere() const { return anywhere_; }
  const std::string& prefix() const { return prefix_; }

 private:
  std::string host_;
  std::uint16_t port_ = 0;
  bool default_port_ = true;
  bool anywhere_ = false;
  bool any_type_ = false;
  std::string prefix_;
};

// "/docs/" of "/docs/index.html" and of "/docs/".
std::string folder_of(std::string_view path);
// By its extension: may the path be a document? ("/a/photo.jpg" is not.)
bool may_be_document(std::string_view path);
// The same of a file in a folder: archives, JSON and scripts too.
bool file_may_be_document(std::string_view path);
// The form under which a link is kept: resolved, http(s), without fragment. Nothing when it is none.
std::optional<net::Url> resolve_link(std::string_view target, const net::Url& base);

}  // namespace renvoi::crawl
