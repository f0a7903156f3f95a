#include "capture/list_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "base/utf8.h"
#include "capture/signals.h"
#include "crawl/ascii.h"
#include "crawl/politeness.h"
#include "crawl/robots_cache.h"
#include "dataset/csv.h"
#include "io/system_error.h"

namespace renvoi::capture {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using dataset::BodyKind;
using dataset::Entry;
using dataset::TakeEntry;

constexpr std::uint64_t kMaxListBytes = std::uint64_t{2} << 30;
constexpr std::uint32_t kMaxDelay_ms = 30'000;
constexpr int kMaxRedirects = 10;

struct Row {
  std::string address;
  std::string licence;
  std::vector<dataset::Label> labels;
};

bool is_one_of(const std::string& name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// From the fields of a line, all as JSON values.
Row row_of(const Json& fields) {
  Row row;
  Json rest = Json::object();
  for (const auto& [given, value] : fields.items()) {
    const std::string name = crawl::lower(given);
    const std::string text = value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump();
    if (is_one_of(name, {"url", "image_url", "address"})) {
      row.address = crawl::trim(text);
    } else if (is_one_of(name, {"licence", "license"})) {
      row.licence = text;
    } else if (text.empty()) {
      continue;
    } else if (is_one_of(name, {"class", "label"})) {
      row.labels.push_back({{}, {BodyKind::label, "class", text}});
    } else if (is_one_of(name, {"caption", "text"})) {
      row.labels.push_back({{}, {BodyKind::text, name, text}});
    } else {
      rest[given] = value;
    }
  }
  if (!rest.empty())
    row.labels.push_back(
        {{}, {BodyKind::structure, "metadata", rest.dump(-1, ' ', false, Json::error_handler_t::replace)}});
  return row;
}

Result<std::vector<Row>> read_csv(std::string_view text) {
  RENVOI_TRY(const auto lines, dataset::parse_csv(text));
  std::vector<Row> rows;
  const bool has_header = !lines.empty() && std::any_of(lines[0].begin(), lines[0].end(), [](const std::string& name) {
    return is_one_of(crawl::lower(name), {"url", "image_url", "address"});
  });
  if (!has_header) return Error{ErrorCode::invalid, "the first line names no column 'url'"};
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].size() != lines[0].size())
      return Error{ErrorCode::invalid,
                   fmt::format("row {} has {} fields, not {}", i + 1, lines[i].size(), lines[0].size())};
    Json fields = Json::object();
    for (std::size_t column = 0; column < lines[i].size(); ++column) fields[lines[0][column]] = lines[i][column];
    rows.push_back(row_of(fields));
  }
  return rows;
}

Result<std::vector<Row>> read_lines(std::string_view text, bool json) {
  std::vector<Row> rows;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = repair_utf8(crawl::trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || (!json && line.starts_with('#'))) continue;
    const Json fields = json ? Json::parse(line, nullptr, false) : Json{{"url", line}};
    if (!fields.is_object()) return Error{ErrorCode::invalid, fmt::format("line {} is no JSON object", number)};
    rows.push_back(row_of(fields));
  }
  return rows;
}

class ListSource final : public dataset::EntrySource {
 public:
  ListSource(fs::path path, std::vector<Row> rows, net::HttpClient& client, const Clock& clock, ListOptions options,
             std::stop_token stop)
      : path_(std::move(path)),
        rows_(std::move(rows)),
        client_(client),
        options_(std::move(options)),
        stop_(std::move(stop)),
        robots_(client, clock, options_.robots_agent) {}
  std::string kind() const override { return "list"; }
  std::string address() const override { return path_.string(); }

  Result<void> walk(const TakeEntry& take, std::vector<std::string>& problems) override {
    std::set<std::string> seen;
    for (const Row& row : rows_) {
      auto url = net::Url::parse(row.address);
      if (!url.ok() || !url->scheme().starts_with("http")) {
        problems.push_back(fmt::format("'{}' is no http(s) address", row.address));
        continue;
      }
      Entry entry;
      entry.origin = url->without_fragment();
      if (!seen.insert(entry.origin).second) continue;
      entry.labels = row.labels;
      entry.read = [this, &row, url = *url](Entry& into) { return fetch(url, row, into); };
      RENVOI_TRY(const bool go_on, take(std::move(entry)));
      if (!go_on) break;
    }
    return {};
  }

 private:
  // One request, at its host's turn, if robots.txt lets it.
  Result<net::FetchResponse> ask(const net::Url& url) {
    const auto rules = robots_.get(url, options_.addresses, stop_);
    if (rules->error) return rules->error->in("robots.txt");
    if (!rules->robots.allows(url.path_and_query()))
      return Error{ErrorCode::denied, "robots.txt disallows it (opt-out)"};
    const std::chrono::milliseconds delay(std::clamp(rules->robots.crawl_delay_ms().value_or(0),
                                                     std::min(options_.min_delay_ms, kMaxDelay_ms), kMaxDelay_ms));
    if (!politeness_.wait(url.host(), delay, stop_)) return Error{ErrorCode::unavailable, "stopped"};
    net::FetchRequest request;
    request.url = url;
    request.addresses = options_.addresses;
    request.max_redirects = 0;
    request.max_body_bytes = options_.max_body_bytes;
    auto response = client_.fetch(request, stop_);
    politeness_.finished(url.host(), delay);
    return response;
  }

  Result<std::string> fetch(net::Url url, const Row& row, Entry& into) {
    for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
      RENVOI_TRY(net::FetchResponse response, ask(url));
      const std::string target = response.header("location");
      if (response.status >= 300 && response.status < 400 && !target.empty()) {
        RENVOI_TRY(url, net::Url::parse(target, url));
        continue;
      }
      if (response.status != 200)
        return Error{response.status == 404 || response.status == 410 ? ErrorCode::not_found : ErrorCode::unavailable,
                     fmt::format("HTTP {}", response.status)};
      into.facts = facts_of(response.headers, response.body);
      if (!row.licence.empty()) into.facts.licence = row.licence;
      if (url.without_fragment() != into.origin) into.facts.final_address = url.without_fragment();
      into.media_type = response.header("content-type");
      return std::move(response.body);
    }
    return Error{ErrorCode::unavailable, "too many redirects"};
  }

  const fs::path path_;
  const std::vector<Row> rows_;
  net::HttpClient& client_;
  const ListOptions options_;
  const std::stop_token stop_;
  crawl::RobotsCache robots_;
  crawl::Politeness politeness_;
};

}  // namespace

Result<std::unique_ptr<dataset::EntrySource>> list_source(io::FileSystem& files, const fs::path& list,
                                                          net::HttpClient& client, const Clock& clock,
                                                          const ListOptions& options, std::stop_token stop) {
  std::error_code error;
  const fs::path whole = fs::canonical(list, error);
  if (error) return io::system_error(error.value(), "cannot read the list", list);
  RENVOI_TRY(const std::string text, files.read(whole, kMaxListBytes));
  const std::string extension = whole.extension().string();
  auto rows = extension == ".csv" ? read_csv(text) : read_lines(text, extension == ".jsonl");
  if (!rows.ok()) return rows.error().in(whole.string());
  return std::unique_ptr<dataset::EntrySource>(
      std::make_unique<ListSource>(whole, std::move(rows).value(), client, clock, options, std::move(stop)));
}

}  // namespace renvoi::capture
