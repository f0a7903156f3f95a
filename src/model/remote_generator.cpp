#include "model/remote_generator.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/utf8.h"
#include "model/piece_stream.h"
#include "model/sse_parser.h"
#include "net/retry_after.h"

namespace renvoi::model {

namespace {

using nlohmann::json;

constexpr std::uint64_t max_answer_bytes = 16 << 20;

// What an endpoint says may be long, binary or hostile: people see one short line of it.
std::string short_text(std::string_view text) {
  std::string line = repair_utf8(truncate_utf8(text, 300));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return line;
}

// json::value() throws where the type is another; these give the fallback.
std::string string_at(const json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}
std::uint32_t count_at(const json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_unsigned()) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(it->get<std::uint64_t>(), UINT32_MAX));
}
const json* child(const json* object, const char* key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto it = object->find(key);
  return it == object->end() || it->is_null() ? nullptr : &*it;
}
const json* first_choice(const json& answer) {
  const json* choices = child(&answer, "choices");
  return choices != nullptr && choices->is_array() && !choices->empty() ? &choices->front() : nullptr;
}

// {"error": {"message": ...}} or {"error": "..."}; "" when there is none.
std::string error_text(const json& answer) {
  const json* error = child(&answer, "error");
  if (error == nullptr) return "";
  if (error->is_string()) return short_text(error->get<std::string>());
  const std::string message = string_at(*error, "message");
  return message.empty() ? "an error without a message" : short_text(message);
}

// What a status other than 2xx means for the caller.
Error status_error(const net::FetchResponse& response, const std::string& endpoint) {
  const json answer = json::parse(response.body, nullptr, false);
  std::string said = answer.is_discarded() ? short_text(response.body) : error_text(answer);
  said = said.empty() ? "" : ": " + said;
  const std::string status = endpoint + " answered " + std::to_string(response.status);
  if (response.status == 401 || response.status == 403) {
    return {ErrorCode::denied, status + " (it refuses the key): check the key in the configuration" + said};
  }
  if (response.status == 408 || response.status == 429 || response.status >= 500) {
    return {ErrorCode::unavailable, status + ", try again later" + said,
            net::retry_after_s(response, SystemClock().now())};
  }
  if (response.status >= 300 && response.status < 400) {
    return {ErrorCode::invalid, status + ", a redirect, which is not followed with a key: set the final address"};
  }
  const char* advice = response.status == 404 ? ": check the address and the name of the model" : "";
  return {ErrorCode::invalid, status + advice + said};
}

// Puts an answer together from the events of a stream, or from one JSON text where the endpoint does not stream.
class Answer {
 public:
  Answer(const GenerateOptions& options, const OnPiece& on_piece)
      : pieces_(options.stop, on_piece), events_([this](std::string_view data) { return take_event(data); }) {}

  bool take_bytes(std::string_view bytes) {
    if (!events_.saw_event()) unread_ += bytes;
    const bool more = events_.push(bytes);
    if (events_.saw_event()) unread_.clear();
    return more;
  }

  bool take_whole(const json& answer) {
    take_usage(answer);
    const json* choice = first_choice(answer);
    const json* message = child(choice, "message");
    const json* content = child(message, "content");
    if (content == nullptr || !content->is_string()) return false;
    take_finish(*choice);
    finished_ = true;
    pieces_.push(content->get_ref<const std::string&>());
    return true;
  }

  Result<Generation> result(const std::string& endpoint) {
    events_.finish();
    if (!error_.empty()) return Error{ErrorCode::unavailable, endpoint + " gave up: " + error_};
    if (!events_.saw_event() && !unread_.empty()) {
      const json answer = json::parse(unread_, nullptr, false);
      if (!answer.is_discarded()) {
        if (const std::string error = error_text(answer); !error.empty()) {
          return Error{ErrorCode::unavailable, endpoint + " gave up: " + error};
        }
        take_whole(answer);
      }
    }
    if (broken_ || events_.overflowed() || (!finished_ && !events_.saw_event())) {
      return Error{ErrorCode::unavailable,
                   endpoint + " does not answer in the form of the OpenAI API: check the address"};
    }
    if (!finished_ && !pieces_.ended()) {
      return Error{ErrorCode::unavailable, endpoint + " ended its answer in the middle: try again"};
    }
    pieces_.finish();
    generation_.text = pieces_.text();
    generation_.finish_reason = !pieces_.ended() && reason_ == "length" ? "length" : "stop";
    return generation_;
  }

  // Enough was heard: what the connection does afterwards does not matter.
  bool ended_early() const {
    return pieces_.ended() || finished_ || broken_ || !error_.empty() || events_.overflowed();
  }

 private:
  bool take_event(std::string_view data) {
    if (data == "[DONE]") {
      finished_ = true;
      return false;
    }
    const json event = json::parse(data, nullptr, false);
    if (event.is_discarded() || !event.is_object()) {
      broken_ = true;
      return false;
    }
    error_ = error_text(event);
    if (!error_.empty()) return false;
    take_usage(event);
    const json* choice = first_choice(event);
    if (choice == nullptr) return true;  // the event of the usage, or a keep-alive
    if (const json* delta = child(choice, "delta")) {
      const std::string text = string_at(*delta, "content");
      if (!text.empty() && !pieces_.push(text)) return false;
    }
    take_finish(*choice);
    return true;
  }

  void take_finish(const json& choice) {
    const std::string reason = string_at(choice, "finish_reason");
    if (reason.empty()) return;
    reason_ = reason;
    finished_ = true;
  }

  void take_usage(const json& answer) {
    const json* usage = child(&answer, "usage");
    if (usage == nullptr) return;
    generation_.prompt_tokens = count_at(*usage, "prompt_tokens");
    generation_.completion_tokens = count_at(*usage, "completion_tokens");
  }

  Generation generation_;
  PieceStream pieces_;
  SseParser events_;
  std::string unread_;  // until the first event
  std::string reason_;
  std::string error_;
  bool finished_ = false;
  bool broken_ = false;
};

class RemoteGenerator final : public Generator {
 public:
  RemoteGenerator(RemoteOptions options, net::Url url, net::HttpClient& client)
      : options_(std::move(options)), url_(std::move(url)), client_(client) {}

  const std::string& name() const override { return options_.model; }
  std::uint32_t context_tokens() const override { return options_.context_tokens; }

  Result<Generation> generate(std::span<const Message> messages, const GenerateOptions& options,
                              const OnPiece& on_piece, std::stop_token stop) override {
    RENVOI_CHECK(check(messages));
    const bool streams = static_cast<bool>(on_piece);
    net::FetchRequest request = make_request(messages, options, streams);
    Answer answer(options, on_piece);
    if (streams) request.on_body = [&](std::string_view bytes) { return answer.take_bytes(bytes); };
    auto response = client_.fetch(request, std::move(stop));
    if (!response) {
      if (streams && answer.ended_early()) return answer.result(url_.origin());
      return endpoint_error(std::move(response).error());
    }
    if (response->status < 200 || response->status >= 300) return status_error(*response, url_.origin());
    if (!streams) answer.take_bytes(response->body);
    return answer.result(url_.origin());
  }

 private:
  Result<void> check(std::span<const Message> messages) const {
    if (messages.empty()) return Error{ErrorCode::invalid, "there is no message to answer"};
    std::size_t bytes = 0;
    for (const auto& message : messages) bytes += message.content.size();
    // The endpoint's tokenizer is not known. No language takes more than six bytes a token on average, so this refuses
    // only what cannot fit; the rest is refused by the endpoint.
    if (bytes / 6 >= options_.context_tokens) {
      return Error{ErrorCode::invalid, "the prompt has " + std::to_string(bytes) +
                                           " bytes, too many for a context of " +
                                           std::to_string(options_.context_tokens) + " tokens: shorten it"};
    }
    return {};
  }

  // The client's errors as the contract has them: an endpoint that cannot be reached is `unavailable`, whatever hides
  // it.
  Error endpoint_error(Error error) const {
    if (error.code != ErrorCode::denied) error.code = ErrorCode::unavailable;
    return error.in(url_.origin());
  }

  net::FetchRequest make_request(std::span<const Message> messages, const GenerateOptions& options,
                                 bool streams) const {
    json body = {{"model", options_.model},
                 {"messages", json::array()},
                 {"max_tokens", options.max_tokens},
                 {"temperature", options.temperature},
                 {"seed", options.seed},
                 {"stream", streams}};
    for (const auto& message : messages) {
      body["messages"].push_back({{"role", message.role}, {"content", message.content}});
    }
    // Endpoints take four stop strings at most; all of them are looked for here as well.
    for (std::size_t i = 0; i < std::min<std::size_t>(4, options.stop.size()); ++i)
      body["stop"].push_back(options.stop[i]);
    if (streams) body["stream_options"] = {{"include_usage", true}};

    const std::chrono::milliseconds deadline(options.deadline_ms);
    net::FetchRequest request;
    request.url = url_;
    request.method = "POST";
    request.headers = {"Content-Type: application/json",
                       streams ? "Accept: text/event-stream" : "Accept: application/json"};
    if (!options_.api_key.empty()) request.headers.push_back("Authorization: Bearer " + options_.api_key);
    request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
    request.addresses = net::AddressPolicy::allow_private;
    request.max_redirects = 0;
    request.max_body_bytes = max_answer_bytes;
    request.connect_timeout_ms = std::min(request.connect_timeout_ms, deadline);
    request.total_timeout_ms = deadline;
    request.stall_timeout_ms = deadline;  // a large model may think for long before its first word
    return request;
  }

  RemoteOptions options_;
  net::Url url_;
  net::HttpClient& client_;
};

}  // namespace

Result<std::unique_ptr<Generator>> remote_generator(RemoteOptions options, net::HttpClient& client) {
  if (options.model.empty()) return Error{ErrorCode::invalid, "a remote endpoint needs the name of a model"};
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (std::any_of(options.api_key.begin(), options.api_key.end(), is_control)) {
    return Error{ErrorCode::invalid, "the key of the endpoint holds a control character: copy it again, on one line"};
  }
  std::string address = options.base_url;
  while (address.ends_with('/')) address.pop_back();
  auto url = net::Url::parse(address + "/chat/completions");
  if (!url) return url.error().in("the endpoint's address \"" + short_text(options.base_url) + "\"");
  if (url->scheme() != "http" && url->scheme() != "https") {
    return Error{ErrorCode::invalid, "the endpoint's address must begin with http:// or https://"};
  }
  return std::unique_ptr<Generator>(
      std::make_unique<RemoteGenerator>(std::move(options), std::move(url).value(), client));
}

}  // namespace renvoi::model
