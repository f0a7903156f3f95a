#include "crawl/search_engine.h"

#include <nlohmann/json.hpp>
#include <set>

#include "net/percent.h"
#include "net/retry_after.h"

namespace renvoi::crawl {
namespace {

using Json = nlohmann::json;
constexpr std::uint64_t kMaxAnswer_bytes = 4u << 20;
constexpr std::size_t kMaxText_bytes = 2'000;  // of a title or snippet

std::string encoded(std::string_view text) { return net::percent_encode(text, " \"#$%&'()*+,/:;<=>?@[\\]^`{|}~"); }

// What `path` ("web.results") leads to; null when it leads nowhere.
const Json* at(const Json& json, std::string_view path) {
  const Json* here = &json;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    if (!here->is_object()) return nullptr;
    const auto found = here->find(std::string(path.substr(0, dot)));
    if (found == here->end()) return nullptr;
    here = &*found;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return here;
}

std::string text_at(const Json& json, std::string_view path) {
  const Json* found = path.empty() ? nullptr : at(json, path);
  if (found == nullptr || !found->is_string()) return {};
  return found->get_ref<const std::string&>().substr(0, kMaxText_bytes);
}

Result<void> check_status(const net::FetchResponse& response, const std::string& endpoint) {
  const std::string said = "the search engine at " + endpoint + " answered HTTP " + std::to_string(response.status);
  if (response.status == 200) return {};
  if (response.status == 401 || response.status == 403)
    return Error{ErrorCode::denied, said +
                                        ": it wants a key (web.header), or, if it is SearXNG, 'json' is missing under "
                                        "search.formats in its settings.yml"};
  if (response.status == 429 || response.status >= 500)
    return Error{.code = ErrorCode::unavailable,
                 .message = said + ": try again later",
                 .retry_after_s = net::retry_after_s(response, SystemClock().now())};
  return Error{ErrorCode::invalid, said + ": is web.endpoint right?"};
}

}  // namespace

Result<std::vector<FoundPage>> parse_found_pages(std::string_view json, const SearchEngineOptions& options) {
  const Json answer = Json::parse(json, nullptr, false);
  if (answer.is_discarded())
    return Error{ErrorCode::invalid, "the search engine's answer is no JSON: SearXNG gives it for '?format=json' only"};
  const Json* results = at(answer, options.results);
  if (results == nullptr || !results->is_array())
    return Error{ErrorCode::invalid,
                 "the search engine's answer has no list '" + options.results + "': web.results names where it is"};
  std::vector<FoundPage> pages;
  std::set<std::string> seen;
  for (const Json& result : *results) {
    if (pages.size() == kMaxFoundPages) break;
    const auto url = net::Url::parse(text_at(result, options.address));
    if (!url || url->scheme() == "file" || !seen.insert(url->without_fragment()).second) continue;
    pages.push_back({url->without_fragment(), text_at(result, options.title), text_at(result, options.snippet)});
  }
  if (pages.empty() && !results->empty())
    return Error{ErrorCode::invalid, "no result of the search engine has an address in '" + options.address +
                                         "': web.address names the field"};
  return pages;
}

Result<SearchEngine> SearchEngine::make(SearchEngineOptions options, net::HttpClient& client) {
  auto url = net::Url::parse(options.endpoint);
  if (!url || url->scheme() == "file")
    return Error{ErrorCode::invalid, "the search engine's endpoint '" + options.endpoint + "' is no http(s) URL"};
  return SearchEngine(std::move(options), std::move(url).value(), client);
}

Result<std::vector<FoundPage>> SearchEngine::find(std::string_view question, std::string_view language,
                                                  std::chrono::milliseconds timeout, std::stop_token stop) const {
  std::string address = endpoint_.without_fragment();
  address += address.find('?') == std::string::npos ? '?' : '&';
  address += encoded(options_.query_field) + "=" + encoded(question);
  if (!options_.language_field.empty() && !language.empty() && language != "und")
    address += "&" + encoded(options_.language_field) + "=" + encoded(language);
  net::FetchRequest request;
  RENVOI_TRY(request.url, net::Url::parse(address));
  request.addresses = net::AddressPolicy::allow_private;
  request.max_body_bytes = kMaxAnswer_bytes;
  request.total_timeout_ms = timeout;
  request.headers.push_back("Accept: application/json");
  if (!options_.header.empty()) request.headers.push_back(options_.header);
  auto response = client_->fetch(request, stop);
  if (!response) {
    Error error = std::move(response).error();
    error.message = "the search engine at " + endpoint_.origin() + " did not answer: " + error.message;
    return error;
  }
  RENVOI_CHECK(check_status(*response, endpoint_.origin()));
  return parse_found_pages(response->body, options_);
}

}  // namespace renvoi::crawl
