// extract() for what lies in something else. For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// As extract(), within the time and the depth of `reading`, whose hints are those of these bytes.
Result<Document> extract_any(std::string_view bytes, const Reading& reading);

}  // namespace renvoi::extract
