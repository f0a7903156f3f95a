// The words of items.log. For the room's own use; drawn in docs/format.md, "Items".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dataset/item.h"
#include "io/bytes.h"
#include "io/record_log.h"

namespace renvoi::dataset {

inline constexpr io::LogKind kItemLog{"RNVOIITM", 1, 1, "restore it from a copy"};

enum class ItemOperation : std::uint8_t {
  source = 1,           // text kind, address, options; varint added at
  source_finished = 2,  // varint source, at
  item = 3,             // put_item()
  removed = 4,          // varint item, at; text reason
  settings = 5,         // text
};

// Without its number. Times are seconds since 1970, not before.
void put_item(io::ByteWriter& writer, const Item& item);
Item get_item(io::ByteReader& reader);  // reader.ok() says whether it is one

// A batch of the log: operations, compressed with zstd where that is shorter. Errors: `corrupt`.
std::string pack_operations(std::string_view operations);
Result<std::string> unpack_operations(std::string_view batch);

}  // namespace renvoi::dataset
