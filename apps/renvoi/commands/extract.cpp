// extract: what renvoi reads in a page. No model, no data folder.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "base/hash.h"
#include "commands/command.h"
#include "crawl/archive_members.h"
#include "extract/archive_member.h"
#include "extract/extract.h"
#include "extract/passages.h"
#include "extract/site_boilerplate.h"
#include "json_view.h"
#include "net/http_client.h"

namespace renvoi::app {
namespace {

constexpr std::chrono::seconds kArchiveTime{30};

struct ExtractOptions {
  std::string what, format = "text";
  std::vector<std::string> site_pages;
  bool allow_private = false, passages = false;
};

struct Bytes {
  std::string body;
  extract::Hints hints;
};

Result<Bytes> read_standard_input(std::uint64_t max_bytes) {
  Bytes bytes;
  char buffer[1 << 16];
  for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;) {
    bytes.body.append(buffer, got);
    if (bytes.body.size() > max_bytes) {
      return Error{ErrorCode::exhausted,
                   fmt::format("standard input is longer than {} bytes: raise fetch.max_body_bytes", max_bytes)};
    }
  }
  if (std::ferror(stdin) != 0) return Error{ErrorCode::unavailable, "standard input cannot be read"};
  return bytes;
}

// A file, or one in an archive ("notes.zip!/a.md") where no file has that name.
Result<Bytes> read_file(const std::string& path, std::uint64_t max_bytes) {
  auto files = io::real_file_system();
  const auto member = extract::split_member(path);
  std::error_code ignored;
  if (member && !std::filesystem::exists(path, ignored)) {
    RENVOI_TRY(const std::string archive, files->read(std::string(member->archive), crawl::kMaxArchiveFileBytes));
    RENVOI_TRY(std::string body, extract::read_member(archive, member->member, max_bytes,
                                                      std::chrono::steady_clock::now() + kArchiveTime));
    return Bytes{std::move(body), {"", std::string(member->member), ""}};
  }
  RENVOI_TRY(std::string body, files->read(path, max_bytes));
  return Bytes{std::move(body), {"", path, ""}};
}

Result<Bytes> read_url(const net::Url& url, const Config& config, bool allow_private, std::stop_token stop) {
  net::HttpClient client(client_options(config));
  net::FetchRequest request;
  request.url = url;
  request.addresses = allow_private ? net::AddressPolicy::allow_private : net::AddressPolicy::global_only;
  request.max_body_bytes = config.fetch.max_body_bytes;
  request.total_timeout_ms = std::chrono::milliseconds(config.fetch.total_timeout_ms);
  RENVOI_TRY(net::FetchResponse response, client.fetch(request, stop));
  if (response.status < 200 || response.status >= 300) {
    const ErrorCode code = response.status == 404                             ? ErrorCode::not_found
                           : response.status == 410                           ? ErrorCode::gone
                           : response.status == 401 || response.status == 403 ? ErrorCode::denied
                                                                              : ErrorCode::unavailable;
    return Error{code, fmt::format("{}: HTTP {}", url.href(), response.status)};
  }
  Bytes bytes{std::move(response.body),
              {response.header("content-type"), response.final_url.path(), response.header("content-language")}};
  return bytes;
}

Result<Bytes> read_any(Context& context, const std::string& what, bool allow_private) {
  const std::uint64_t max_bytes = context.config.fetch.max_body_bytes;
  if (what == "-") return read_standard_input(max_bytes);
  if (what.find("://") == std::string::npos) return read_file(what, max_bytes);
  RENVOI_TRY(const net::Url url, net::Url::parse(what));
  if (url.scheme() == "file") return read_file(url.file_path(), max_bytes);
  return read_url(url, context.config, allow_private, context.interrupts.stop_cleanly(""));
}

Result<extract::Document> read_document(Context& context, const std::string& what, bool allow_private) {
  const std::string name = what == "-" ? "standard input" : what;
  const auto bytes = read_any(context, what, allow_private);
  if (!bytes) return bytes.error();
  extract::Limits limits;
  limits.max_input_bytes = context.config.fetch.max_body_bytes;
  auto document = extract::extract(bytes->body, bytes->hints, limits);
  if (!document) return document.error().in(name);
  return document;
}

// What the pages of the site all say goes out of the document; the text then depends on those pages too, and the digest
// of what was learnt from them says on which.
struct SiteFound {
  std::uint32_t pages = 0, taken_blocks = 0;
  std::string digest;
};
Result<SiteFound> take_out_what_the_site_repeats(Context& context, const ExtractOptions& options,
                                                 extract::Document& document) {
  extract::SiteBoilerplate site;
  for (const std::string& page : options.site_pages) {
    RENVOI_TRY(const extract::Document learnt, read_document(context, page, options.allow_private));
    site.learn(learnt);
  }
  SiteFound found{site.pages(), 0, to_hex(sha256(site.state()))};
  found.taken_blocks = site.take_out(document);
  return found;
}

// The way to the element in which a range begins.
Json element_of(const extract::Document& document, text::Range range) {
  const auto* place = document.elements.place_at(range.begin);
  return place == nullptr ? Json(nullptr) : Json(document.elements.path(place->element));
}

Result<void> run_extract(Context& context, const ExtractOptions& options) {
  auto document = read_document(context, options.what, options.allow_private);
  if (!document) return document.error();
  std::optional<SiteFound> site;
  if (!options.site_pages.empty()) {
    RENVOI_TRY(site, take_out_what_the_site_repeats(context, options, *document));
  }
  if (document->truncated)
    context.output.note("renvoi: the input is longer, or more deeply malformed, than is read: this is its first part");
  if (context.output.json || options.format == "json") {
    Json value = json_of(*document);
    if (site)
      value["site_repeats"] = {{"pages", site->pages}, {"taken_blocks", site->taken_blocks}, {"digest", site->digest}};
    if (options.passages) {
      value["passages"] = Json::array();
      for (const auto& passage : extract::passages(*document)) {
        const std::uint32_t page = extract::page_at(*document, passage.range.begin);
        value["passages"].push_back({{"ordinal", passage.ordinal},
                                     {"range", json_range(passage.range)},
                                     {"element", element_of(*document, passage.range)},
                                     {"page", page == 0 ? Json(nullptr) : Json(page)},
                                     {"section", passage.heading_path},
                                     {"fingerprint", fmt::format("{:016x}", passage.fingerprint)}});
      }
    }
    fmt::print("{}\n", dump(value, 2));
  } else {
    fmt::print("{}\n", options.format == "markdown" ? extract::to_markdown(*document) : document->text);
  }
  return {};
}

}  // namespace

void declare_extract_command(CLI::App& app, Context& context) {
  CLI::App* command =
      add_command(app, "extract", "Print what renvoi reads in a page or file: text, Markdown or JSON (needs no model)",
                  "  renvoi extract page.html --format markdown\n"
                  "  renvoi extract report.pdf --format json --passages\n"
                  "  renvoi extract notes.zip!/report.docx\n"
                  "  renvoi extract https://example.org/ --format json\n"
                  "  renvoi extract page.html --site-pages a.html b.html c.html d.html\n"
                  "  curl -s https://example.org/ | renvoi extract -\n");
  auto options = std::make_shared<ExtractOptions>();
  command->add_option("WHAT", options->what, "File, file in an archive (a.zip!/b.html), URL, or - for standard input")
      ->required();
  command->add_option("--format", options->format, "text, markdown or json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "markdown", "json"}));
  command->add_flag("--passages", options->passages, "With JSON: also where the passages are");
  command->add_option("--site-pages", options->site_pages,
                      "Leave out what at least half of these pages of the same site (four or more) say too");
  command->add_flag("--allow-private", options->allow_private, "Allow addresses of this machine and the local network");
  command->callback(
      [&context, options] { context.run = [&context, options] { return run_extract(context, *options); }; });
}

}  // namespace renvoi::app
