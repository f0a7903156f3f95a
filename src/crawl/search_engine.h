// A public or own search engine, asked live: any endpoint that answers a GET with JSON, SearXNG's by default.
//
// It gives addresses, nothing else that is believed: what a page says is read from the page, through the fetcher.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_client.h"

namespace renvoi::crawl {

struct SearchEngineOptions {
  std::string endpoint;                     // with its fixed parameters: "https://searx.example.org/search?format=json"
  std::string query_field = "q";            // parameter that takes the question
  std::string language_field = "language";  // and its language; empty: not told
  std::string header;                       // one more, "X-Api-Key: ..."; empty: none
  // Where in the answer things are: names, separated by dots.
  std::string results = "results";
  std::string address = "url", title = "title", snippet = "content";
};

struct FoundPage {
  std::string address;  // http or https, without fragment; each once
  std::string title, snippet;
};

inline constexpr std::size_t kMaxFoundPages = 50;

// Thread-safe. `client` must outlive it. The endpoint was chosen by the operator: private and loopback addresses are
// allowed for it, not for what it names.
class SearchEngine {
 public:
  // Errors: `invalid` (the endpoint is no http(s) URL).
  static Result<SearchEngine> make(SearchEngineOptions options, net::HttpClient& client);

  // In the engine's order, at most kMaxFoundPages. Errors: `denied` (401, 403: a key is missing, or SearXNG's JSON is
  // off), `unavailable` (no answer, 429, 5xx; with retry_after_s where it was told), `invalid` (the answer is not what
  // the field map says).
  Result<std::vector<FoundPage>> find(std::string_view question, std::string_view language,
                                      std::chrono::milliseconds timeout, std::stop_token stop = {}) const;
  const SearchEngineOptions& options() const { return options_; }

 private:
  SearchEngine(SearchEngineOptions options, net::Url endpoint, net::HttpClient& client)
      : options_(std::move(options)), endpoint_(std::move(endpoint)), client_(&client) {}
  SearchEngineOptions options_;
  net::Url endpoint_;
  net::HttpClient* client_;
};

// The pages in an engine's answer. Errors: `invalid`.
Result<std::vector<FoundPage>> parse_found_pages(std::string_view json, const SearchEngineOptions& options);

}  // namespace renvoi::crawl
