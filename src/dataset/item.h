// An item: bytes by their digest, and what was known about them when they were captured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "dataset/blob_store.h"

namespace renvoi::dataset {

// From 0, in the order of capture; never used again.
using ItemNumber = std::uint32_t;
// From 0, in the order in which they were added.
using SourceNumber = std::uint32_t;

// What the origin said at that time, beside the bytes.
struct ItemFacts {
  std::string licence;                // as it was stated, "CC-BY-4.0" or an address; "" not stated
  std::vector<std::string> opt_outs;  // "robots.txt", "noai", "tdm-reservation", ...
  std::vector<std::pair<std::string, std::string>> headers;  // of the response; names in lower case, sorted
  std::string final_address;                                 // after redirects; "" when that was the origin
  bool operator==(const ItemFacts&) const = default;
};

struct Item {
  ItemNumber number = 0;
  SourceNumber source = 0;
  BlobNumber blob = 0;
  std::string origin;  // within its source: a path or an address
  Timestamp captured_at = 0;
  std::string media_type;
  ItemFacts facts;
};

// Why and when an item was removed. Its row stays: number, origin and digest can still be told.
struct Removal {
  Timestamp at = 0;
  std::string reason;
};

struct Source {
  SourceNumber number = 0;
  std::string kind;     // "folder", "archive", "list", ...
  std::string address;  // a path or an address
  std::string options;  // JSON; "" none
  Timestamp added_at = 0;
  Timestamp finished_at = 0;  // 0: the capture was interrupted, or is running
};

}  // namespace renvoi::dataset
