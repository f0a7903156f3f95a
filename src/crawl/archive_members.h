// A ZIP or tar file as a folder: its files by name, and each of them as an observation. An archive in it is a folder
// again, three deep; a name in that is "inner.zip!/page.html" (extract/archive_member.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "crawl/observation.h"

namespace renvoi::crawl {

inline constexpr std::uint64_t kMaxArchiveFileBytes = 256u << 20;  // it is read into memory

struct MemberListing {
  std::vector<std::string> members;   // the first of each name, in the archive's order
  std::vector<std::string> problems;  // what in it could not be listed
  bool complete = true;               // false: damaged, beyond a limit, or more than max_members
  bool truncated = false;             // the last of these
};

// The files that may be documents: no hidden ones, none whose name leads out of the archive or cannot stand in an
// address. Nothing is read but archives in it, and what must be expanded to be passed over. At most 30 s.
MemberListing list_members(const std::filesystem::path& archive, std::size_t max_members);

// Reads files of archives. Keeps the archive that it read last open, so that reading its files in their order reads it
// once. Thread-safe.
class MemberReader {
 public:
  MemberReader();
  ~MemberReader();

  // Fills in `seen` (outcome, status, reason, body, modified_at). `version` is the archive's: another one is opened
  // anew. What is not in it is `missing`; damaged, encrypted, or beyond a limit (at most 10 s, `max_bytes`): `refused`.
  // With `keep` false it is opened for this one alone, beside what is open, and does not wait for another.
  void read(const std::filesystem::path& archive, const std::string& version, const std::string& member,
            std::uint64_t max_bytes, bool keep, Observation& seen);

 private:
  class Open;
  std::mutex mutex_;
  std::unique_ptr<Open> open_;
  std::string version_;
};

}  // namespace renvoi::crawl
