#include "pinning.h"

#include <fmt/format.h>

namespace renvoi::app {

Result<void> set_pinned(Engine& engine, const catalog::Reference& reference, bool pinned) {
  if (!engine.collection().writable())
    return Error{ErrorCode::denied, "the collection is open for reading only: another process writes it"};
  RENVOI_TRY(const catalog::Source source, engine.collection().catalog().source(reference.source));
  if (source.policy.retention == catalog::Retention::none && pinned)
    return Error{
        ErrorCode::invalid,
        fmt::format("the source of {} keeps nothing of its pages; 'renvoi add {} --retention text' changes that",
                    reference.address, source.address)};
  Result<void> done = engine.cache().pin(reference.id, pinned);
  if (!done && done.error().code == ErrorCode::not_found)
    return Error{ErrorCode::not_found,
                 fmt::format("the cache holds nothing of {}; 'renvoi sync --force' reads it again", reference.address)};
  return done;
}

}  // namespace renvoi::app
