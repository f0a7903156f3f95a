// Server-sent events (WHATWG HTML, section 9.2.6), as far as streaming completions use them: the data of each event.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace renvoi::model {

// Bytes may be cut anywhere; lines may end in CR, LF or both. Comments and fields other than `data` are passed over.
// Not thread-safe.
class SseParser {
 public:
  // Called with the data of each event, its lines joined by LF. Returning false ends the parsing.
  using OnData = std::function<bool(std::string_view data)>;
  explicit SseParser(OnData on_data, std::size_t max_event_bytes = 1 << 20)
      : on_data_(std::move(on_data)), max_event_bytes_(max_event_bytes) {}

  // False when on_data returned false, or an event is larger than max_event_bytes (see overflowed()).
  bool push(std::string_view bytes);
  // Some servers forget the empty line after the last event: gives it out.
  void finish();
  bool overflowed() const { return overflowed_; }
  bool saw_event() const { return saw_event_; }

 private:
  void end_line();
  void end_event();

  OnData on_data_;
  std::size_t max_event_bytes_;
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool first_line_ = true;
  bool ended_ = false;
  bool overflowed_ = false;
  bool saw_event_ = false;
};

}  // namespace renvoi::model
