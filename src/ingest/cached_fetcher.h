// A fetcher that takes a page from the cache rather than from its server, where the source's retention has kept it.
#pragma once

#include "base/clock.h"
#include "catalog/catalog.h"
#include "crawl/document_cache.h"
#include "crawl/fetcher.h"

namespace renvoi::ingest {

// For reading again pages that have not changed. A page whose server was asked within the source's revisit time comes
// from the cache; of an older one the server is asked whether it has changed, and sends it only then, so that one that
// is gone is seen. Only pages kept whole (retention `page`) are taken: the text alone has lost the headings that
// passages are cut by. Thread-safe. What it is given must outlive it.
class CachedFetcher final : public crawl::Fetcher {
 public:
  CachedFetcher(crawl::Fetcher& below, catalog::Catalog& catalog, crawl::DocumentCache& cache, const Clock& clock)
      : below_(below), catalog_(catalog), cache_(cache), clock_(clock) {}
  crawl::Observation fetch(const Request& request, std::stop_token stop) override;

 private:
  crawl::Fetcher& below_;
  catalog::Catalog& catalog_;
  crawl::DocumentCache& cache_;
  const Clock& clock_;
};

}  // namespace renvoi::ingest
