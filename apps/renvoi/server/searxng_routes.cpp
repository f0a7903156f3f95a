// The collection as a search engine: /search as SearXNG has it (its "Search API" and searx/webutils.py,
// get_json_response), /config, by which Onyx recognises one, and the description by which a browser adds it.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "found.h"
#include "json_view.h"
#include "net/percent.h"
#include "net/query.h"
#include "net/url.h"
#include "server/application.h"
#include "server/search_results.h"
#include "text/markup.h"

namespace renvoi::app {
namespace {

constexpr std::uint32_t kResultsOnAPage = 10;
constexpr std::uint32_t kMostPages = 50;

// Of an address or of a form: all of it is text.
using Query = std::map<std::string, std::string>;

std::string text(const Query& query, const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

// "fr" of "fr", "fr-CA", "FR_fr"; nothing for "all", "auto" and what is no language.
std::string language_of(std::string code) {
  code = code.substr(0, code.find_first_of("-_"));
  if (code.size() != 2) return {};
  std::transform(code.begin(), code.end(), code.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return code;
}

// Pictures, films and the like are asked for by category; there are none here.
bool asks_for_text(const std::string& categories) {
  if (categories.empty()) return true;
  std::size_t begin = 0;
  while (begin <= categories.size()) {
    const std::size_t end = std::min(categories.find(',', begin), categories.size());
    std::string name = categories.substr(begin, end - begin);
    name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
    const bool other = name == "images" || name == "videos" || name == "music" || name == "map";
    if (!other) return true;
    begin = end + 1;
  }
  return false;
}

// As Python's urllib.parse.urlparse: scheme, netloc, path, params, query, fragment.
Json parsed_url(const std::string& address) {
  const std::size_t scheme = address.find("://");
  if (scheme == std::string::npos) return Json::array({"", "", address, "", "", ""});
  const std::size_t host = scheme + 3;
  const std::size_t path = std::min(address.find_first_of("/?", host), address.size());
  const std::size_t query = std::min(address.find('?', path), address.size());
  return Json::array({address.substr(0, scheme), address.substr(host, path - host), address.substr(path, query - path),
                      "", query == address.size() ? "" : address.substr(query + 1), ""});
}

Json result_of(const Found& found) {
  const answer::Excerpt& excerpt = found.excerpt;
  const catalog::Reference& reference = excerpt.reference;
  const Json date = json_time(reference.date);
  return {{"url", reference.address},
          {"title", reference.title.empty() ? reference.address : reference.title},
          {"content", excerpt.text},
          {"publishedDate", date},
          {"pubdate", date.is_null() ? "" : date},
          {"engine", "renvoi"},
          {"engines", Json::array({"renvoi"})},
          {"template", "default.html"},
          {"parsed_url", parsed_url(reference.address)},
          {"img_src", ""},
          {"thumbnail", ""},
          {"priority", ""},
          {"positions", Json::array({found.position})},
          {"score", found.score},
          {"category", "general"},
          {"renvoi",
           {{"reference", to_number(reference.id)},
            {"language", reference.language},
            {"type", reference.type},
            {"state", std::string(to_string(reference.state))},
            {"checked_at", json_time(excerpt.checked_at)},
            {"verified", excerpt.verified},
            {"no_content_because", excerpt.text.empty() ? Json(excerpt.reason) : Json(nullptr)}}}};
}

struct SearxRequest {
  FindRequest find;
  bool nothing = false;  // what is asked for is not of a kind that is here
};

std::optional<ApiError> read_search(const Query& query, Timestamp now, SearxRequest& request) {
  request.find.query = text(query, "q");
  if (request.find.query.find_first_not_of(" \t\r\n\f\v") == std::string::npos) return field_error("q", "No query");
  std::uint32_t page = 1;
  if (const std::string given = text(query, "pageno"); !given.empty()) {
    const bool number = given.size() < 7 && given.find_first_not_of("0123456789") == std::string::npos;
    page = number ? static_cast<std::uint32_t>(std::stoul(given)) : 0;
    if (page == 0)
      return field_error("pageno", fmt::format("Invalid value \"{}\" for parameter pageno", printable(given)));
  }
  request.find.first = (page - 1) * kResultsOnAPage;
  request.find.limit = kResultsOnAPage;
  request.nothing = page > kMostPages || !asks_for_text(text(query, "categories"));
  const std::string range = text(query, "time_range");
  if (!range.empty() && (range == "hour" || !narrow_to_recent(range, now, request.find.filter)))
    return field_error("time_range", fmt::format("Invalid value \"{}\" for parameter time_range", printable(range)));
  if (const std::string language = language_of(text(query, "language")); !language.empty())
    request.find.filter.languages = {language};
  return {};
}

void search_json(Application& application, const Exchange& exchange, SearxRequest request) {
  Engine& engine = application.engine;
  std::vector<Found> found;
  if (!request.nothing) {
    auto searched = find_documents(engine, request.find);
    // A language is a wish here: a question in one language may be answered in another.
    if (searched.ok() && searched->empty() && !request.find.filter.languages.empty()) {
      request.find.filter.languages.clear();
      searched = find_documents(engine, request.find);
    }
    if (!searched) return exchange.reply.error(searched.error());
    found = std::move(searched).value();
  }
  Json results = Json::array();
  for (const Found& each : found) results.push_back(result_of(each));
  exchange.reply.json(200, {{"query", request.find.query},
                            {"number_of_results", results.size()},
                            {"results", results},
                            {"answers", Json::array()},
                            {"corrections", Json::array()},
                            {"infoboxes", Json::array()},
                            {"suggestions", Json::array()},
                            {"unresponsive_engines", Json::array()}});
}

std::string page_of(const std::string& question) {
  return "/?q=" + net::percent_encode(question, " \"#%&'+<>?`{|}=;/\\");
}

void search_with(Application& application, const Exchange& exchange, const Query& query) {
  const std::string format = text(query, "format");
  std::optional<KeyRole> role;
  if (format == "json") {
    if (const auto refused = application.refuse_key(exchange.request, exchange.route, KeyRole::read, role))
      return exchange.reply.error(*refused);
  }
  SearxRequest request;
  if (auto problem = read_search(query, application.engine.clock().now(), request))
    return exchange.reply.error(*problem);
  if (format == "json") return search_json(application, exchange, std::move(request));
  if (format == "csv" || format == "rss")
    return exchange.reply.error(
        ApiError{403, "results are given as JSON (format=json) or as a page", "permission_error", "denied"});
  // The page asks for a key itself, where one is needed.
  exchange.reply.text(302, "text/plain; charset=utf-8", "", {{"Location", page_of(request.find.query)}});
}

void search_get(Application& application, const Exchange& exchange) {
  search_with(application, exchange, exchange.request.query);
}

void search_post(Application& application, const Exchange& exchange) {
  const auto form = net::parse_query(exchange.request.body);
  if (!form)
    return exchange.reply.error(field_error("", "the form is badly encoded: percent-encoding and UTF-8 are expected"));
  search_with(application, exchange, form->empty() ? exchange.request.query : *form);
}

// What SearXNG's /config says of its settings. Onyx takes an address for a SearXNG by `brand.GIT_URL`.
void config(Application&, const Exchange& exchange) {
  exchange.reply.json(200, {{"instance_name", "renvoi"},
                            {"version", RENVOI_VERSION},
                            {"brand", {{"GIT_URL", "https://github.com/searxng/searxng"}, {"CONTACT_URL", nullptr}}},
                            {"categories", Json::array({"general"})},
                            {"engines", Json::array({{{"name", "renvoi"},
                                                      {"categories", Json::array({"general"})},
                                                      {"shortcut", "rv"},
                                                      {"enabled", true},
                                                      {"paging", true},
                                                      {"language_support", true},
                                                      {"languages", Json::array({"all"})},
                                                      {"regions", Json::array()},
                                                      {"safesearch", false},
                                                      {"time_range_support", true},
                                                      {"timeout", 10}}})},
                            {"plugins", Json::array()},
                            {"autocomplete", ""},
                            {"default_locale", ""},
                            {"default_theme", "simple"},
                            {"safe_search", 0},
                            {"locales", {{"en", "English"}, {"fr", "Français"}}},
                            {"limiter", {{"enabled", false}}},
                            {"public_instance", false}});
}

// OpenSearch 1.1, draft 6, "OpenSearch description document". Addresses in it must be whole: they are those by which
// the browser came.
void open_search(Application&, const Exchange& exchange) {
  const bool tls = exchange.request.header("x-forwarded-proto") == "https";
  const std::string base = text::escaped_markup((tls ? "https://" : "http://") + exchange.request.header("host"));
  exchange.reply.text(200, "application/opensearchdescription+xml; charset=utf-8",
                      fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
  <ShortName>renvoi</ShortName>
  <Description>Answers you can check</Description>
  <InputEncoding>UTF-8</InputEncoding>
  <Image width="16" height="16" type="image/svg+xml">{0}/assets/icon.svg</Image>
  <Url type="text/html" method="get" template="{0}/search?q={{searchTerms}}"/>
  <Url type="application/json" rel="results" method="get" template="{0}/search?q={{searchTerms}}&amp;format=json&amp;pageno={{startPage?}}"/>
  <Url type="application/opensearchdescription+xml" rel="self" template="{0}/opensearch.xml"/>
</OpenSearchDescription>
)",
                                  base),
                      {{"Cache-Control", "no-cache"}});
}

}  // namespace

void add_searxng_routes(std::vector<Route>& routes) {
  // Open as the page is; the JSON is not.
  routes.push_back({"GET", "/search", {}, search_get, ErrorShape::plain});
  routes.push_back({"POST", "/search", {}, search_post, ErrorShape::plain, BodyType::form});
  routes.push_back({"GET", "/config", {}, config, ErrorShape::plain});
  routes.push_back({"GET", "/opensearch.xml", {}, open_search, ErrorShape::plain});
}

}  // namespace renvoi::app
