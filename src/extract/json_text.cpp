#include "extract/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "extract/document_builder.h"
#include "extract/lines.h"
#include "extract/plain.h"
#include "extract/sniff.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 200;
constexpr std::size_t kLongText = 200, kLongItem = 600, kInlineItem = 200;
constexpr std::uint32_t kValuesBetweenClockReads = 4'096;

enum class Stop : unsigned char { no, malformed, deep, late, full };

// Writes while it is parsed: no tree of the whole is ever built.
class JsonWriter : public Json::json_sax_t {
 public:
  JsonWriter(const Reading& reading, Document& document)
      : reading_(reading), document_(document), builder_(document, reading.limits.max_text_bytes) {}

  Stop stopped() const { return stop_; }

  bool null() override { return true; }
  bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return scalar(fmt::format("{}", value)); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(fmt::format("{}", value)); }
  bool number_float(number_float_t, const string_t& text) override { return scalar(text); }
  bool string(string_t& value) override { return scalar(value); }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    frames_.back().key = collapse_space(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    if (stop_ == Stop::no) stop_ = Stop::malformed;
    return false;
  }

 private:
  struct Frame {
    bool array = false, written = false;  // something of it is in the document
    std::string key;                      // of the value that is read now
    std::string pending;                  // values that are not yet written
  };

  bool halt(Stop why) {
    stop_ = why;
    return false;
  }

  bool open(bool array) {
    if (frames_.size() >= kMaxDepth) return halt(Stop::deep);
    frames_.push_back({array, false, {}, {}});
    return true;
  }

  // A small object or array stands in the item of the one it belongs to.
  bool close() {
    Frame done = std::move(frames_.back());
    if (!frames_.empty() && frames_.size() >= 2 && !done.written && done.pending.size() <= kInlineItem &&
        !frames_[frames_.size() - 2].array) {
      frames_.pop_back();
      if (!done.pending.empty()) add(frames_.back().key, done.array ? done.pending : "(" + done.pending + ")");
      return true;
    }
    frames_.back() = std::move(done);
    flush();
    const bool written = frames_.back().written;
    frames_.pop_back();
    if (!frames_.empty()) frames_.back().written |= written;
    return true;
  }

  bool scalar(std::string_view value) {
    if (++values_ % kValuesBetweenClockReads == 0 && std::chrono::steady_clock::now() > reading_.deadline)
      return halt(Stop::late);
    if (builder_.full()) return halt(Stop::full);
    const std::string text = collapse_space(value);
    if (text.empty()) return true;
    if (frames_.empty()) {
      builder_.add(BlockKind::paragraph, 0, text);
      return true;
    }
    Frame& frame = frames_.back();
    if (frames_.size() == 1 && !frame.array && document_.title.empty() &&
        (frame.key == "title" || frame.key == "name")) {
      document_.title = title_of(text);
      if (document_.title == text) return true;
    }
    if (text.size() > kLongText) {
      flush();
      const std::string label = frame.array ? path() : path() + (path().empty() ? "" : " > ") + frame.key;
      builder_.add(BlockKind::paragraph, 0, label.empty() ? text : label + ": " + text);
      frame.written = true;
      last_joined_ = false;
      return true;
    }
    add(frame.key, text);
    return true;
  }

  void add(const std::string& key, const std::string& value) {
    Frame& frame = frames_.back();
    std::string& pending = frame.pending;
    if (pending.size() + value.size() > kLongItem) flush();
    if (!pending.empty()) pending += frame.array ? ", " : "; ";
    pending += frame.array ? value : key + ": " + value;
  }

  // Where the values of the innermost frame stand: the keys above it.
  std::string path() const {
    std::string out;
    for (std::size_t i = 0; i + 1 < frames_.size(); ++i) {
      if (frames_[i].array || frames_[i].key.empty()) continue;
      if (!out.empty()) out += " > ";
      out += frames_[i].key;
    }
    return out;
  }

  // Above what is below: the values that the outer ones have so far come first.
  void flush() {
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      Frame& frame = frames_[i];
      if (frame.pending.empty()) continue;
      std::string label;
      for (std::size_t k = 0; k < i; ++k) {
        if (frames_[k].array || frames_[k].key.empty()) continue;
        if (!label.empty()) label += " > ";
        label += frames_[k].key;
      }
      const auto level = static_cast<std::uint8_t>(std::min<std::size_t>(std::max<std::size_t>(i, 1), 6));
      builder_.add(BlockKind::list_item, level, label.empty() ? frame.pending : label + ": " + frame.pending,
                   last_joined_);
      last_joined_ = true;
      frame.pending.clear();
      frame.written = true;
    }
  }

  const Reading& reading_;
  Document& document_;
  DocumentBuilder builder_;
  std::vector<Frame> frames_;
  Stop stop_ = Stop::no;
  std::uint32_t values_ = 0;
  bool last_joined_ = false;
};

Result<void> outcome(Stop stop, const Reading& reading) {
  if (stop == Stop::deep)
    return Error{ErrorCode::invalid, fmt::format("this JSON is nested deeper than {}", kMaxDepth)};
  if (stop == Stop::late) return check_time(reading, "this JSON");
  return {};
}

bool is_lines(std::string_view text, const Hints& hints) {
  const std::string extension = extension_of(hints.name), type = media_type_of(hints.content_type);
  if (extension == "jsonl" || extension == "ndjson" || type == "application/x-ndjson" || type == "application/jsonl")
    return true;
  const std::string_view first = trimmed(next_line(text));
  return first.starts_with('{') && first.ends_with('}') && trimmed(text).starts_with('{') && Json::accept(first);
}

}  // namespace

Result<void> read_json(std::string_view text, const Reading& reading, Document& document) {
  document.media_type = "application/json";
  const std::string_view whole = text;
  JsonWriter writer(reading, document);
  if (is_lines(text, reading.hints)) {
    while (!text.empty() && writer.stopped() == Stop::no) {
      const std::string_view line = trimmed(next_line(text));
      if (!line.empty()) Json::sax_parse(line.begin(), line.end(), &writer);
    }
  } else {
    Json::sax_parse(text.begin(), text.end(), &writer);
  }
  RENVOI_CHECK(outcome(writer.stopped(), reading));
  if (writer.stopped() == Stop::malformed) {  // comments, templates, a file cut short: text all the same
    const std::string charset = document.charset;
    document = {};
    document.media_type = "application/json";
    document.charset = charset;
    return read_plain(whole, reading.hints, reading.limits, reading.deadline, document);
  }
  document.language = text::detect_language(document.text, reading.hints.language);
  return {};
}

}  // namespace renvoi::extract
