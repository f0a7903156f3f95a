#include "quality/beir.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>

namespace renvoi::quality {
namespace {

constexpr std::uint64_t kMaxFileBytes = 4ULL << 30;

Error wrong_line(const std::filesystem::path& file, std::size_t line, std::string_view expected) {
  return {ErrorCode::invalid, file.string() + " line " + std::to_string(line) + ": expected " + std::string(expected)};
}

Result<void> for_each_line(io::FileSystem& files, const std::filesystem::path& file,
                           const std::function<Result<void>(std::string_view line, std::size_t number)>& visit) {
  RENVOI_TRY(const std::string content, files.read(file, kMaxFileBytes));
  std::size_t begin = 0;
  for (std::size_t number = 1; begin < content.size(); ++number) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    std::string_view line(content.data() + begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) RENVOI_CHECK(visit(line, number));
    begin = end + 1;
  }
  return {};
}

// A string member, or nothing when it is absent or of another type.
std::optional<std::string> member(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

Result<void> for_each_object(io::FileSystem& files, const std::filesystem::path& file,
                             const std::function<void(std::string id, std::string title, std::string text)>& take) {
  return for_each_line(files, file, [&](std::string_view line, std::size_t number) -> Result<void> {
    const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
    if (!object.is_object()) return wrong_line(file, number, "a JSON object");
    std::optional<std::string> id = member(object, "_id");
    std::optional<std::string> text = member(object, "text");
    if (!id || !text) return wrong_line(file, number, "the strings \"_id\" and \"text\"");
    take(std::move(*id), member(object, "title").value_or(""), std::move(*text));
    return {};
  });
}

std::vector<std::string_view> columns(std::string_view line) {
  std::vector<std::string_view> result;
  std::size_t begin = 0;
  while ((begin = line.find_first_not_of(" \t", begin)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    result.push_back(line.substr(begin, end - begin));
    begin = end;
  }
  return result;
}

Result<void> read_judgments(io::FileSystem& files, const std::filesystem::path& file,
                            std::map<std::string, Judgments>& judgments) {
  return for_each_line(files, file, [&](std::string_view line, std::size_t number) -> Result<void> {
    const std::vector<std::string_view> cells = columns(line);
    if (cells.size() != 3 && cells.size() != 4) return wrong_line(file, number, "query, document and grade");
    int grade = 0;
    const std::string_view last = cells.back();
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), grade);
    if (error != std::errc() || end != last.data() + last.size()) {
      if (number == 1) return {};  // the header
      return wrong_line(file, number, "a whole number as the grade");
    }
    judgments[std::string(cells[0])][std::string(cells[cells.size() - 2])] = grade;
    return {};
  });
}

Result<void> read_answers(io::FileSystem& files, const std::filesystem::path& file, BeirSet& set) {
  if (!files.exists(file)) return {};
  return for_each_line(files, file, [&](std::string_view line, std::size_t number) -> Result<void> {
    const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
    const auto answers = object.is_object() ? object.find("answers") : object.end();
    const std::optional<std::string> id = object.is_object() ? member(object, "_id") : std::nullopt;
    const bool listed = id && answers != object.end() && answers->is_array() &&
                        std::all_of(answers->begin(), answers->end(), [](const auto& one) { return one.is_string(); });
    if (!listed) return wrong_line(file, number, "the string \"_id\" and \"answers\", a list of strings");
    if (set.judgments.contains(*id) && !answers->empty()) set.answers[*id] = answers->get<std::vector<std::string>>();
    return {};
  });
}

}  // namespace

Result<BeirSet> read_beir(const std::filesystem::path& folder, io::FileSystem& files) {
  BeirSet set;
  RENVOI_CHECK(
      for_each_object(files, folder / "corpus.jsonl", [&](std::string id, std::string title, std::string text) {
        set.documents.push_back({std::move(id), std::move(title), std::move(text)});
      }));
  RENVOI_CHECK(read_judgments(files, folder / "qrels.tsv", set.judgments));
  RENVOI_CHECK(for_each_object(files, folder / "queries.jsonl", [&](std::string id, std::string, std::string text) {
    if (set.judgments.contains(id)) set.queries.push_back({std::move(id), std::move(text)});
  }));
  RENVOI_CHECK(read_answers(files, folder / "answers.jsonl", set));
  if (set.documents.empty())
    return Error{ErrorCode::invalid, (folder / "corpus.jsonl").string() + " holds no document"};
  if (set.queries.empty()) {
    return Error{ErrorCode::invalid, (folder / "queries.jsonl").string() + " holds no query that qrels.tsv judges"};
  }
  return set;
}

}  // namespace renvoi::quality
