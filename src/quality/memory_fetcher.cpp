#include "quality/memory_fetcher.h"

#include "quality/build.h"
#include "text/markup.h"
#include "text/range.h"

namespace renvoi::quality {
std::string as_page(const BeirDocument& beir) {
  const extract::Document document = as_document(beir);
  std::string page = "<!doctype html><html><head><meta charset=\"utf-8\"><title>" +
                     text::escaped_markup(document.title) + "</title></head><body><main><article>";
  if (!document.title.empty()) page += "<h1>" + text::escaped_markup(document.title) + "</h1>";
  for (const extract::Block& block : document.blocks)
    page += "<p>" + text::escaped_markup(text::slice(document.text, block.range)) + "</p>\n";
  return page + "</article></main></body></html>";
}

MemoryFetcher::MemoryFetcher(const BeirSet& set) {
  for (const BeirDocument& document : set.documents) documents_["beir:" + document.id] = &document;
}

crawl::Observation MemoryFetcher::fetch(const Request& request, std::stop_token) {
  crawl::Observation seen;
  const auto found = documents_.find(request.address);
  seen.outcome = found == documents_.end() ? crawl::Outcome::missing : crawl::Outcome::fetched;
  seen.status = found == documents_.end() ? 404 : 200;
  if (found == documents_.end()) return seen;
  seen.final_address = request.address;
  seen.content_type = "text/html; charset=utf-8";
  seen.body = as_page(*found->second);
  return seen;
}

}  // namespace renvoi::quality
