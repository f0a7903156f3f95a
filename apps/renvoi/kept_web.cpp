// Pages of the web that answers have cited, as a source: a list of their addresses in the data folder.
#include <algorithm>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "engine.h"

namespace renvoi::app {
namespace {

constexpr const char* kListName = "cited-web-pages.txt";
constexpr std::size_t kMostListed = 10'000;  // the oldest leaves, and with it its reference
constexpr std::uint64_t kMaxListBytes = 64U << 20;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

bool is_addressable(const std::string& address) {
  return (address.starts_with("http://") || address.starts_with("https://")) &&
         address.find_first_of("\r\n") == std::string::npos;
}

}  // namespace

Result<std::optional<catalog::Source>> Engine::keep_cited(const answer::AskRequest& request,
                                                          const answer::Answer& answer) {
  const auto scope = request.scope ? request.scope : parse_answer_scope(config_.answer.scope);
  if (!config_.web.keep || scope != answer::AnswerScope::automatic || !answer.from_web || !collection_->writable())
    return std::optional<catalog::Source>();
  const std::lock_guard lock(kept_web_mutex_);
  const std::filesystem::path path = config_.data / kListName;
  std::vector<std::string> listed;
  if (files_->exists(path)) {
    RENVOI_TRY(const std::string text, files_->read(path, kMaxListBytes));
    listed = lines_of(text);
  }
  const std::size_t before = listed.size();
  for (const answer::Citation& citation : answer.citations)
    if (is_addressable(citation.address) && std::find(listed.begin(), listed.end(), citation.address) == listed.end())
      listed.push_back(citation.address);
  if (listed.size() == before) return std::optional<catalog::Source>();
  const std::size_t first = listed.size() > kMostListed ? listed.size() - kMostListed : 0;
  std::string text;
  for (std::size_t i = first; i < listed.size(); ++i) text += listed[i] + "\n";
  RENVOI_CHECK(files_->replace(path, std::as_bytes(std::span(text))));
  catalog::SourcePolicy policy = config_.source;
  policy.retention = *config_.web.keep;
  policy.allow_private_addresses = config_.web.allow_private_addresses;
  RENVOI_TRY(catalog::Source source, crawl::describe_source(path.string(), catalog::SourceKind::list, policy));
  source.added_at = clock_.now();
  RENVOI_TRY(source, collection_->catalog().add_source(source));
  return std::optional(std::move(source));
}

}  // namespace renvoi::app
