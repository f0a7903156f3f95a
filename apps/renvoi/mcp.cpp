#include "mcp.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "found.h"
#include "json_view.h"

namespace renvoi::app {
namespace {

constexpr std::string_view kVersions[] = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"};
constexpr std::string_view kNewestWithInitialize = "2025-11-25";
constexpr std::string_view kStateless = "2026-07-28";
constexpr std::size_t kMaxDepth = 32;
constexpr std::uint32_t kResults = 10;
constexpr std::uint32_t kMostResults = 50;
constexpr std::size_t kMaxText_bytes = 200'000;  // of a document that is fetched

constexpr std::string_view kInstructions =
    "Searches a collection of documents that are read again when they are found, so that what is given is what they "
    "say "
    "now. `search` finds documents, `fetch` reads one whole. Cite documents by their url.";

Json text_field(const char* description) { return {{"type", "string"}, {"description", description}}; }

Json tool(const char* name, const char* title, const char* description, const Json& input, const Json& output) {
  return {
      {"name", name},
      {"title", title},
      {"description", description},
      {"inputSchema", input},
      {"outputSchema", output},
      {"annotations", {{"title", title}, {"readOnlyHint", true}, {"idempotentHint", true}, {"openWorldHint", false}}}};
}

// One truth for tools/list and what the tools give; checked by the clients against each other.
Json tools() {
  const Json result{{"type", "object"},
                    {"properties",
                     {{"id", text_field("what fetch takes")},
                      {"title", text_field("of the document")},
                      {"url", text_field("to cite")},
                      {"text", text_field("of the passage that was found; empty when it could not be read in time")}}},
                    {"required", Json::array({"id", "title", "url"})}};
  return Json::array(
      {tool("search", "Search the collection",
            "Finds the documents of the collection that a question or some words are about, best first.",
            {{"type", "object"},
             {"properties",
              {{"query", text_field("a question, or words, in any language")},
               {"limit",
                {{"type", "integer"},
                 {"minimum", 1},
                 {"maximum", kMostResults},
                 {"description", "results at most; 10 when it is left out"}}}}},
             {"required", Json::array({"query"})}},
            {{"type", "object"},
             {"properties", {{"results", {{"type", "array"}, {"items", result}}}}},
             {"required", Json::array({"results"})}}),
       tool("fetch", "Read a document",
            "Reads a document of the collection again, from where it is, and gives its text. It takes an id that "
            "search gave, or the url of a document of the collection; nothing else is ever read.",
            {{"type", "object"},
             {"properties", {{"id", text_field("an id that search gave")}}},
             {"required", Json::array({"id"})}},
            {{"type", "object"},
             {"properties",
              {{"id", text_field("of the document")},
               {"title", text_field("of the document")},
               {"text", text_field("all of it, or its beginning when metadata.truncated is true")},
               {"url", text_field("to cite")},
               {"metadata", {{"type", "object"}}}}},
             {"required", Json::array({"id", "title", "text", "url"})}})});
}

Json tool_result(const Json& value) {
  return {{"content", Json::array({{{"type", "text"}, {"text", dump(value)}}})},
          {"structuredContent", value},
          {"isError", false}};
}

// What went wrong is for the model to read, not for the protocol.
Json tool_error(const std::string& message) {
  return {{"content", Json::array({{{"type", "text"}, {"text", message}}})}, {"isError", true}};
}

Json search_result(const Found& found) {
  const catalog::Reference& reference = found.excerpt.reference;
  return {{"id", std::to_string(to_number(reference.id))},
          {"title", reference.title.empty() ? reference.address : reference.title},
          {"url", reference.address},
          {"text", found.excerpt.text}};
}

Json search(Engine& engine, const Json& arguments, std::stop_token stop) {
  const auto query = arguments.find("query");
  if (query == arguments.end() || !query->is_string()) return tool_error("query must be a string");
  FindRequest request;
  request.query = query->get<std::string>();
  request.limit = kResults;
  if (const auto limit = arguments.find("limit"); limit != arguments.end() && !limit->is_null()) {
    if (!limit->is_number_unsigned() || *limit < 1 || *limit > kMostResults)
      return tool_error(fmt::format("limit must be a whole number from 1 to {}", kMostResults));
    request.limit = limit->get<std::uint32_t>();
  }
  const auto found = find_documents(engine, request, std::move(stop));
  if (!found) return tool_error(found.error().message);
  Json results = Json::array();
  for (const Found& each : *found) results.push_back(search_result(each));
  return tool_result({{"results", results}});
}

Json fetch(Engine& engine, const Json& arguments, std::stop_token stop) {
  const auto id = arguments.find("id");
  if (id == arguments.end() || !id->is_string()) return tool_error("id must be a string that search gave");
  const auto read = read_document(engine, id->get<std::string>(), kMaxText_bytes, std::move(stop));
  if (!read) return tool_error(read.error().message);
  const catalog::Reference& reference = read->reference;
  return tool_result({{"id", std::to_string(to_number(reference.id))},
                      {"title", read->title.empty() ? reference.address : read->title},
                      {"text", read->text},
                      {"url", reference.address},
                      {"metadata",
                       {{"language", reference.language},
                        {"type", reference.type},
                        {"date", json_time(reference.date)},
                        {"state", std::string(to_string(reference.state))},
                        {"checked_at", json_time(read->checked_at)},
                        {"verified", read->verified},
                        {"truncated", read->truncated}}}});
}

Json implementation() { return {{"name", "renvoi"}, {"title", "renvoi"}, {"version", RENVOI_VERSION}}; }

Json capabilities() { return {{"tools", {{"listChanged", false}}}}; }

Json initialize(const Json& params) {
  std::string version(kNewestWithInitialize);
  if (const auto wanted = params.find("protocolVersion"); wanted != params.end() && wanted->is_string()) {
    const std::string text = wanted->get<std::string>();
    if (text != kStateless && std::find(std::begin(kVersions), std::end(kVersions), text) != std::end(kVersions))
      version = text;
  }
  return {{"protocolVersion", version},
          {"capabilities", capabilities()},
          {"serverInfo", implementation()},
          {"instructions", std::string(kInstructions)}};
}

Json discover() {
  Json versions = Json::array();
  for (const std::string_view version : kVersions) versions.push_back(std::string(version));
  return {{"supportedVersions", versions},
          {"capabilities", capabilities()},
          {"instructions", std::string(kInstructions)},
          {"_meta", {{"io.modelcontextprotocol/serverInfo", implementation()}}}};
}

// What results of 2026-07-28 say besides.
Json as_stateless(Json result, bool cacheable) {
  result["resultType"] = "complete";
  if (cacheable) {
    result["ttlMs"] = 0;
    result["cacheScope"] = "private";
  }
  return result;
}

bool is_id(const Json& id) { return id.is_string() || id.is_number_integer(); }

// Nothing when the request's own word on its version is good.
std::optional<Json> refuse_version(const Json& id, const Json& params, const std::string& version) {
  if (version != kStateless) {
    Json supported = Json::array();
    for (const std::string_view each : kVersions) supported.push_back(std::string(each));
    return rpc_error(id, kRpcUnsupportedVersion, "this protocol version is not spoken here",
                     {{"supported", supported}, {"requested", version}});
  }
  if (!params.at("_meta").contains("io.modelcontextprotocol/clientCapabilities"))
    return rpc_error(id, kRpcInvalidParams, "params._meta lacks io.modelcontextprotocol/clientCapabilities");
  return {};
}

}  // namespace

std::span<const std::string_view> mcp_versions() { return kVersions; }

Json rpc_error(const Json& id, int code, std::string message, Json data) {
  Json error{{"code", code}, {"message", std::move(message)}};
  if (!data.is_null()) error["data"] = std::move(data);
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", error}};
}

std::string mcp_version_of(const Json& message) {
  const Json* here = &message;
  for (const char* name : {"params", "_meta", "io.modelcontextprotocol/protocolVersion"}) {
    if (!here->is_object() || !here->contains(name)) return {};
    here = &here->at(name);
  }
  return here->is_string() ? here->get<std::string>() : std::string();
}

Json McpServer::call_tool(const Json& params, std::stop_token stop) const {
  const Json arguments =
      params.contains("arguments") && !params.at("arguments").is_null() ? params.at("arguments") : Json::object();
  if (!arguments.is_object()) return tool_error("arguments must be an object");
  return params.at("name") == "search" ? search(engine_, arguments, std::move(stop))
                                       : fetch(engine_, arguments, std::move(stop));
}

std::optional<Json> McpServer::handle(const Json& message, std::stop_token stop) const {
  if (message.is_array())
    return rpc_error(nullptr, kRpcInvalidRequest, "batches are not accepted: send one message at a time");
  if (!message.is_object() || message.value("jsonrpc", Json()) != "2.0")
    return rpc_error(nullptr, kRpcInvalidRequest, "this is no JSON-RPC 2.0 message");
  const bool is_answer = !message.contains("method") && (message.contains("result") || message.contains("error"));
  if (is_answer) return {};
  const Json id = message.value("id", Json());
  if (!message.contains("method") || !message.at("method").is_string() || (message.contains("id") && !is_id(id)))
    return rpc_error(is_id(id) ? id : Json(), kRpcInvalidRequest,
                     "method must be a string, and id a string or a number");
  if (!message.contains("id")) return {};  // a notification: none changes anything here
  const std::string method = message.at("method").get<std::string>();
  const Json params = message.value("params", Json::object());
  if (!params.is_object()) return rpc_error(id, kRpcInvalidParams, "params must be an object");
  const std::string version = mcp_version_of(message);
  if (!version.empty()) {
    if (auto refused = refuse_version(id, params, version)) return refused;
  }
  const auto answer = [&](Json result, bool cacheable = false) -> Json {
    if (!version.empty()) result = as_stateless(std::move(result), cacheable);
    return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
  };
  if (method == "initialize") return answer(initialize(params));
  if (method == "server/discover") return answer(as_stateless(discover(), true));
  if (method == "ping") return answer(Json::object());
  if (method == "tools/list") return answer({{"tools", tools()}}, true);
  if (method == "tools/call") {
    const Json name = params.value("name", Json());
    if (name != "search" && name != "fetch")
      return rpc_error(id, kRpcInvalidParams, "there is no such tool: tools/list names them");
    return answer(call_tool(params, std::move(stop)));
  }
  return rpc_error(id, kRpcNoMethod, fmt::format("there is no method '{}'", printable(truncate_utf8(method, 100))));
}

std::optional<Json> McpServer::handle_text(std::string_view text, std::stop_token stop) const {
  Json message;
  try {
    message = Json::parse(text, [](int depth, Json::parse_event_t, Json&) {
      if (depth > static_cast<int>(kMaxDepth)) throw std::length_error("too deep");
      return true;
    });
  } catch (const std::exception&) {
    return rpc_error(nullptr, kRpcParseError, fmt::format("no JSON, or more than {} levels deep", kMaxDepth));
  }
  return handle(message, std::move(stop));
}

}  // namespace renvoi::app
