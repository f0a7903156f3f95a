#include "crawl/archive_members.h"

#include <chrono>
#include <optional>
#include <set>

#include "crawl/scope.h"
#include "extract/archive.h"
#include "extract/archive_member.h"
#include "io/file_system.h"
#include "net/url.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using extract::ArchiveCursor;
using extract::ArchiveEntry;

constexpr std::uint32_t kMaxDepth = 3;  // archives in one another
constexpr std::size_t kMaxProblems = 20;
constexpr std::chrono::seconds kListTime{30}, kReadTime{10};

// A folder's files are read one at a time, and its archive as a whole in a pass.
extract::ArchiveLimits limits(std::uint64_t max_entry_bytes) {
  extract::ArchiveLimits limits;
  limits.max_entries = 100'000;
  limits.max_entry_bytes = max_entry_bytes;
  limits.max_total_bytes = 2u << 30;
  return limits;
}

extract::ArchiveDeadline in(std::chrono::seconds time) { return std::chrono::steady_clock::now() + time; }

// Each part is a plain name: no "..", nothing hidden, nothing that an address would not keep.
bool is_plain(std::string_view name) {
  if (name.starts_with("__MACOSX/")) return false;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    if (end == at || name[at] == '.') return false;
    at = end + 1;
  }
  const std::string path = "/" + std::string(name);
  const auto url = net::Url::parse(net::file_url(path));
  return url.ok() && url->file_path() == path && name.find("!/") == std::string_view::npos;
}

class Lister {
 public:
  explicit Lister(std::size_t max_members) : max_members_(max_members) {}

  void list(std::string_view bytes, const std::string& prefix, std::uint32_t depth) {
    if (depth > kMaxDepth) {
      problem(prefix + ": archives lie deeper than " + std::to_string(kMaxDepth) + " in one another");
      return;
    }
    const auto walked = walk(bytes, prefix.empty() ? "" : prefix + "!/", depth);
    if (walked.ok()) return;
    found.complete = false;
    problem(prefix.empty() ? walked.error().message : prefix + ": " + walked.error().message);
  }

  MemberListing found;

 private:
  Result<void> walk(std::string_view bytes, const std::string& prefix, std::uint32_t depth) {
    RENVOI_TRY(ArchiveCursor cursor, ArchiveCursor::open(bytes, limits(kMaxArchiveFileBytes), deadline_));
    while (true) {
      RENVOI_TRY(const std::string name, cursor.next());
      if (name.empty()) return {};
      if (!is_plain(name)) continue;
      if (extract::is_archive_name(name)) {
        RENVOI_TRY(const ArchiveEntry inner, cursor.read());
        if (inner.problem.empty() && !inner.truncated)
          list(inner.bytes, prefix + name, depth + 1);
        else
          problem(prefix + name + ": " + (inner.truncated ? "it is too large" : inner.problem));
      } else if (file_may_be_document(name) && !take(prefix + name)) {
        return {};
      }
    }
  }

  bool take(const std::string& name) {
    if (seen_.contains(name)) return true;
    if (found.members.size() >= max_members_) {
      found.truncated = true;
      found.complete = false;
      return false;
    }
    seen_.insert(name);
    found.members.push_back(name);
    return true;
  }

  void problem(std::string what) {
    if (found.problems.size() < kMaxProblems) found.problems.push_back(std::move(what));
  }

  const std::size_t max_members_;
  const extract::ArchiveDeadline deadline_ = in(kListTime);
  std::set<std::string> seen_;
};

void fail(Observation& seen, const Error& error) {
  seen.reason = "the archive: " + error.message;
  seen.outcome = error.code == ErrorCode::denied                                              ? Outcome::blocked
                 : error.code == ErrorCode::not_found || error.code == ErrorCode::unavailable ? Outcome::unreachable
                                                                                              : Outcome::refused;
}

struct Found {
  ArchiveEntry entry;
  Timestamp modified_at = 0;
};

void observe(std::optional<Found> found, std::uint64_t max_bytes, Observation& seen) {
  if (!found) {
    seen.outcome = Outcome::missing;
    seen.status = 404;
    seen.reason = "it is not in the archive any more";
  } else if (!found->entry.problem.empty()) {
    seen.reason = found->entry.problem;
  } else if (found->entry.bytes.size() > max_bytes || found->entry.truncated) {
    seen.reason = "it is larger than " + std::to_string(max_bytes) + " bytes: raise fetch.max_body_bytes";
  } else {
    seen.outcome = Outcome::fetched;
    seen.status = 200;
    seen.body = std::move(found->entry.bytes);
    if (found->modified_at != 0) seen.modified_at = found->modified_at;
  }
}

}  // namespace

MemberListing list_members(const fs::path& archive, std::size_t max_members) {
  Lister lister(max_members);
  const auto bytes = io::real_file_system()->read(archive, kMaxArchiveFileBytes);
  if (bytes.ok())
    lister.list(*bytes, "", 1);
  else
    lister.found = {{}, {bytes.error().message}, false, false};
  return std::move(lister.found);
}

// An archive and where in it the reader is; in it perhaps another.
class MemberReader::Open {
 public:
  Open(std::string name, std::string bytes) : name_(std::move(name)), bytes_(std::move(bytes)) {}

  const std::string& name() const { return name_; }

  // From here on, else once more from the start. Nothing: it is not there.
  Result<std::optional<Found>> find(std::string_view member, std::uint64_t max_bytes) {
    const auto split = extract::split_member(member);
    const std::string outer(split ? split->archive : member);
    if (!split || !inner_ || inner_->name() != outer) {
      inner_.reset();
      RENVOI_TRY(auto found, find_here(outer, split ? kMaxArchiveFileBytes : max_bytes));
      if (!found || !split) return found;
      if (!found->entry.problem.empty()) return found;
      inner_ = std::make_unique<Open>(outer, std::move(found->entry.bytes));
    }
    return inner_->find(split->member, max_bytes);
  }

  // Whether a document may follow: then it is worth to stay open.
  bool has_more() {
    if (inner_ && inner_->has_more()) return true;
    inner_.reset();
    while (cursor_) {
      if (at_.empty()) {
        auto name = cursor_->next();
        if (!name.ok() || name->empty()) return false;
        at_ = std::move(name).value();
      }
      if (is_plain(at_) && file_may_be_document(at_)) return true;
      at_.clear();
    }
    return false;
  }

 private:
  Result<std::optional<Found>> find_here(const std::string& name, std::uint64_t max_bytes) {
    const bool from_start = !cursor_;
    RENVOI_CHECK(prepare(max_bytes));
    RENVOI_TRY(bool there, advance_to(name));
    if (!there && !from_start) {
      cursor_.reset();
      at_.clear();
      RENVOI_CHECK(prepare(max_bytes));
      RENVOI_TRY(there, advance_to(name));
    }
    if (!there) return std::optional<Found>();
    at_.clear();
    const Timestamp modified_at = cursor_->modified_at();
    RENVOI_TRY(ArchiveEntry entry, cursor_->read());
    return std::optional<Found>({std::move(entry), modified_at});
  }

  Result<void> prepare(std::uint64_t max_bytes) {
    if (!cursor_) {
      RENVOI_TRY(auto opened, ArchiveCursor::open(bytes_, limits(std::max(max_bytes, kMaxArchiveFileBytes)), {}));
      cursor_ = std::make_unique<ArchiveCursor>(std::move(opened));
    }
    cursor_->set_deadline(in(kReadTime));
    return {};
  }

  Result<bool> advance_to(const std::string& name) {
    while (true) {
      if (at_.empty()) {
        RENVOI_TRY(at_, cursor_->next());
        if (at_.empty()) return false;
      }
      if (at_ == name) return true;
      at_.clear();
    }
  }

  const std::string name_;
  const std::string bytes_;
  std::unique_ptr<ArchiveCursor> cursor_;
  std::string at_;  // the file that the cursor is at, not yet read; "" before the first and after each
  std::unique_ptr<Open> inner_;
};

MemberReader::MemberReader() = default;
MemberReader::~MemberReader() = default;

void MemberReader::read(const fs::path& archive, const std::string& version, const std::string& member,
                        std::uint64_t max_bytes, bool keep, Observation& seen) {
  std::unique_lock lock(mutex_, std::defer_lock);
  std::unique_ptr<Open> open;
  if (keep) {
    lock.lock();
    if (open_ && open_->name() == archive.string() && version_ == version) open = std::move(open_);
    open_.reset();
  }
  if (!open) {
    auto bytes = io::real_file_system()->read(archive, kMaxArchiveFileBytes);
    if (!bytes) return fail(seen, bytes.error());
    open = std::make_unique<Open>(archive.string(), std::move(bytes).value());
  }
  auto found = open->find(member, max_bytes);
  if (!found) return fail(seen, found.error());
  observe(std::move(found).value(), max_bytes, seen);
  if (!keep || !open->has_more()) return;
  open_ = std::move(open);
  version_ = version;
}

}  // namespace renvoi::crawl
