// One reference with its audit trail, for `renvoi why` and /api/references. Documented in docs/http-api.md.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "config.h"
#include "crawl/why.h"
#include "output.h"

namespace renvoi::app {

struct ReferenceView {
  catalog::Reference reference;
  crawl::Why why;
  std::vector<catalog::AuditEntry> trail;  // newest first, at most 100
};

// By number or address (also one that it had before it moved). Errors: `not_found`.
Result<ReferenceView> view_reference(catalog::Catalog& catalog, const Config& config, const std::string& text,
                                     Timestamp now);
Json json_of(const ReferenceView& view);

}  // namespace renvoi::app
