// The documents of a BEIR corpus, as if they were fetched: an evaluation answers without a network or a folder.
#pragma once

#include <string>
#include <unordered_map>

#include "crawl/fetcher.h"
#include "quality/beir.h"

namespace renvoi::quality {

// Of addresses "beir:" and the id. `set` must outlive it. Thread-safe.
class MemoryFetcher final : public crawl::Fetcher {
 public:
  explicit MemoryFetcher(const BeirSet& set);
  crawl::Observation fetch(const Request& request, std::stop_token stop = {}) override;

 private:
  std::unordered_map<std::string, const BeirDocument*> documents_;  // by address
};

// A page whose extraction is as_document(): title as its heading, paragraphs.
std::string as_page(const BeirDocument& document);

}  // namespace renvoi::quality
