#include "search/collection_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::search {
namespace {

constexpr std::size_t kHeaderBytes = 128;  // of a table's file: names its content by a checksum

}  // namespace

std::uint64_t number_of_fitted_table(std::string_view name) {
  constexpr std::string_view prefix = "table-", suffix = ".fit";
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) return 0;
  const std::string_view digits = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

Result<void> check_fitted_file(io::FileSystem& files, const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  if (number_of_fitted_table(name) > 0) {
    RENVOI_TRY(const model::TableFile table, model::TableFile::open(files, file, model::TableKind::fitted));
    return table.check_rows();
  }
  if (name != kFitSampleName) return {};
  RENVOI_TRY(const auto content, files.map(file));
  const std::span<const std::byte> bytes = content->bytes();
  constexpr std::size_t crc_bytes = 4;
  if (bytes.size() > crc_bytes) {
    io::ByteReader crc(bytes.last(crc_bytes));
    if (crc.u32() == io::crc32c(bytes.first(bytes.size() - crc_bytes))) return {};
  }
  return Error{ErrorCode::corrupt, file.string() + " is damaged (its checksum)"};
}

CollectionTables::CollectionTables(io::FileSystem& files, std::filesystem::path base_file,
                                   std::filesystem::path fitted_folder, index::Identity full,
                                   std::shared_ptr<const model::TextTokenizer> tokenizer,
                                   std::chrono::milliseconds look_every)
    : files_(files),
      base_file_(std::move(base_file)),
      fitted_folder_(std::move(fitted_folder)),
      full_(std::move(full)),
      tokenizer_(std::move(tokenizer)),
      look_every_(look_every) {}

std::shared_ptr<const TierTable> CollectionTables::newest() {
  const std::lock_guard lock(mutex_);
  look();
  return fitted_.empty() ? base_tier_ : fitted_.rbegin()->second.tier;
}

std::shared_ptr<const TierTable> CollectionTables::find(std::string_view digest) {
  const std::lock_guard lock(mutex_);
  const auto is_it = [&](const std::shared_ptr<const TierTable>& tier) {
    return tier != nullptr && tier->identity.model_digest == digest;
  };
  for (const bool now : {false, true}) {  // the writer may have published it a moment ago
    look(now);
    if (is_it(base_tier_)) return base_tier_;
    for (const auto& [number, fitted] : fitted_)
      if (is_it(fitted.tier)) return fitted.tier;
    for (const auto& older : of_older_base_)
      if (is_it(older)) return older;
  }
  return nullptr;
}

void CollectionTables::tidy(std::string_view in_use) {
  const std::lock_guard lock(mutex_);
  std::erase_if(of_older_base_, [&](const auto& older) { return older->identity.model_digest != in_use; });
  const auto is_wanted = [&](std::uint64_t number) {
    const auto known = fitted_.find(number);
    return known != fitted_.end() &&
           (std::next(known) == fitted_.end() || known->second.tier->identity.model_digest == in_use);
  };
  const Result<std::vector<std::string>> names = files_.list(fitted_folder_);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const std::uint64_t number = number_of_fitted_table(name);
    if (number == 0 || is_wanted(number)) continue;
    // What was not looked at yet, or is damaged, or of another base table of the model, stays: renvoi repair sets
    // damage aside.
    if (!fitted_.contains(number) && !is_of_another_model(number)) continue;
    if (!files_.remove(fitted_folder_ / name).ok()) return;  // another time
    fitted_.erase(number);
  }
}

Result<void> CollectionTables::base_is_sound() {
  const std::lock_guard lock(mutex_);
  look(true);
  return base_problem_;
}

std::shared_ptr<const model::StaticTable> CollectionTables::base() {
  const std::lock_guard lock(mutex_);
  look();
  return base_;
}

std::shared_ptr<const model::FittedTable> CollectionTables::fitted() {
  const std::lock_guard lock(mutex_);
  look();
  return fitted_.empty() ? nullptr : fitted_.rbegin()->second.table;
}

Result<void> CollectionTables::publish(const model::FittedRows& rows,
                                       const std::shared_ptr<const model::StaticTable>& base) {
  const std::lock_guard lock(mutex_);
  look(true);
  if (base_ == nullptr || base != base_)
    return Error{ErrorCode::conflict, "the base table was made anew while another was fitted: fit again"};
  if (!files_.exists(fitted_folder_)) {
    RENVOI_CHECK(files_.create_folders(fitted_folder_));
    RENVOI_CHECK(files_.sync_folder(fitted_folder_.parent_path()));
  }
  // Above every number that is or was in use, so that no reader takes one table for another.
  std::uint64_t number = 1;
  if (!fitted_.empty()) number = std::max(number, fitted_.rbegin()->first + 1);
  if (!passed_over_.empty()) number = std::max(number, *passed_over_.rbegin() + 1);
  RENVOI_CHECK(model::write_fitted_table(rows, *base_, number, files_, file_of(number)));
  open_fitted(number);
  if (!fitted_.contains(number))
    return Error{ErrorCode::corrupt, file_of(number).string() + " cannot be read again after it was written"};
  return {};
}

void CollectionTables::look(bool now) {
  const auto at = std::chrono::steady_clock::now();
  if (!now && ever_looked_ && at - looked_ < look_every_) return;
  ever_looked_ = true;
  looked_ = at;
  look_at_base();
  look_at_fitted();
}

void CollectionTables::look_at_base() {
  std::string header;
  if (files_.exists(base_file_)) {
    const auto file = files_.map(base_file_);
    if (!file.ok()) return;  // another time
    const auto bytes = (*file)->bytes();
    header.assign(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kHeaderBytes));
  }
  if (header == base_header_) return;
  base_header_ = header;
  base_problem_ = {};
  std::shared_ptr<const model::StaticTable> base;
  if (!header.empty()) {
    auto opened = model::StaticTable::open(files_, base_file_, full_.model_digest);
    if (opened.ok())
      base = std::move(opened).value();
    else
      base_problem_ = std::move(opened).error();
  }
  if (base != nullptr && base_ != nullptr && base->checksum() == base_->checksum()) return;
  // A first tier may be bound to them still.
  if (base_tier_ != nullptr) of_older_base_.push_back(base_tier_);
  for (const auto& [number, fitted] : fitted_) of_older_base_.push_back(fitted.tier);
  fitted_.clear();
  passed_over_.clear();
  base_ = std::move(base);
  base_tier_ = base_ == nullptr ? nullptr : tier_table(base_, 0, {});
}

void CollectionTables::look_at_fitted() {
  if (base_ == nullptr || !files_.exists(fitted_folder_)) {
    fitted_.clear();
    return;
  }
  const auto names = files_.list(fitted_folder_);
  if (!names.ok()) return;
  std::set<std::uint64_t> there;
  for (const std::string& name : *names)
    if (const std::uint64_t number = number_of_fitted_table(name); number > 0) there.insert(number);
  std::erase_if(fitted_, [&](const auto& known) { return !there.contains(known.first); });
  std::erase_if(passed_over_, [&](std::uint64_t number) { return !there.contains(number); });
  for (const std::uint64_t number : there)
    if (!fitted_.contains(number) && !passed_over_.contains(number)) open_fitted(number);
}

void CollectionTables::open_fitted(std::uint64_t number) {
  auto opened = model::FittedTable::open(files_, file_of(number), base_);
  if (!opened.ok()) {
    passed_over_.insert(number);
    return;
  }
  const std::uint32_t checksum = (*opened)->checksum();
  auto tier = tier_table(*opened, checksum, (*opened)->score());
  fitted_[number] = {std::move(opened).value(), std::move(tier)};
}

std::shared_ptr<const TierTable> CollectionTables::tier_table(std::shared_ptr<const model::TokenTable> table,
                                                              std::uint32_t fitted_checksum,
                                                              std::optional<float> held_out_cosine) const {
  return std::make_shared<const TierTable>(TierTable{first_tier_identity(full_, base_->checksum(), fitted_checksum),
                                                     model::make_table_embedder(std::move(table), tokenizer_),
                                                     held_out_cosine});
}

bool CollectionTables::is_of_another_model(std::uint64_t number) const {
  const auto file = model::TableFile::open(files_, file_of(number), model::TableKind::fitted);
  return file.ok() && file->header().model_digest != full_.model_digest;
}

std::filesystem::path CollectionTables::file_of(std::uint64_t number) const {
  return fitted_folder_ / fmt::format("table-{}.fit", number);
}

}  // namespace renvoi::search
