// What every reader of a kind is given beside the bytes. For the room's own use.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "extract/extract.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

inline constexpr std::size_t kMaxTitleBytes = 200;

struct Reading {
  const Hints& hints;
  const Limits& limits;
  Deadline deadline;
  std::uint32_t depth = 0;  // how many archives and messages this one lies in
};

// Errors: `exhausted` when the deadline has passed. `what` is the kind of thing read: "this sheet".
Result<void> check_time(const Reading& reading, std::string_view what);

// The title as a document keeps it: white space collapsed, at most kMaxTitleBytes, valid UTF-8.
std::string title_of(std::string_view text);

// Adds an author as the document names it, once; empty and overlong names are left out.
void add_author(Document& document, std::string_view name);

}  // namespace renvoi::extract
