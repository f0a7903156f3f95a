// One commit to one index of a collection.
#pragma once

#include <span>

#include "search/collection.h"

namespace renvoi::search {

// All or none; what was begun is rolled back. Errors: of Index::put and commit.
Result<void> write_to(index::Index& index, std::span<const Collection::DocumentWrite* const> documents);
// Nothing is written where it holds none of them.
Result<void> remove_from(index::Index& index, std::span<const ReferenceId> references);

}  // namespace renvoi::search
