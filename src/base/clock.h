// Time behind a seam, so that a test can live a year in a loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace renvoi {

// Seconds since 1970-01-01T00:00:00Z. 0 means "never" where a header says so.
using Timestamp = std::int64_t;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
};

// Stands still until told to move.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_(start) {}
  Timestamp now() const override { return now_.load(); }
  void advance(std::int64_t seconds) { now_ += seconds; }

 private:
  std::atomic<Timestamp> now_;
};

// RFC 3339 in UTC, "2026-11-24T00:15:45Z".
std::string to_rfc3339(Timestamp time);
// The inverse, for the UTC form above only. Nothing for anything else.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace renvoi
