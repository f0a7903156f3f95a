#include "model/sse_parser.h"

namespace renvoi::model {

bool SseParser::push(std::string_view bytes) {
  for (const char c : bytes) {
    if (ended_) break;
    if (c == '\n' && after_cr_) {  // the second half of CR LF
      after_cr_ = false;
      continue;
    }
    after_cr_ = c == '\r';
    if (c == '\n' || c == '\r') {
      end_line();
    } else if (line_.size() + data_.size() >= max_event_bytes_) {
      overflowed_ = ended_ = true;
    } else {
      line_ += c;
    }
  }
  return !ended_;
}

void SseParser::end_line() {
  std::string_view line = line_;
  if (first_line_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  first_line_ = false;
  if (line.empty()) {
    end_event();
  } else if (line == "data" || line.starts_with("data:")) {
    line.remove_prefix(line.size() > 4 ? 5 : 4);
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (has_data_) data_ += '\n';
    data_ += line;
    has_data_ = true;
  }
  line_.clear();
}

void SseParser::end_event() {
  if (!has_data_) return;
  const std::string data = std::move(data_);
  data_.clear();
  has_data_ = false;
  saw_event_ = true;
  if (!on_data_(data)) ended_ = true;
}

void SseParser::finish() {
  if (ended_) return;
  if (!line_.empty()) end_line();
  if (!ended_) end_event();
}

}  // namespace renvoi::model
