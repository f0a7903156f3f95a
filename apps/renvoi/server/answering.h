// What the routes share that give answers in the words of another protocol: its models are ways to answer, its messages
// hold a question, its stream carries the pieces.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/application.h"

namespace renvoi::app {

// A question as the configuration would have it asked.
answer::AskRequest new_question(const Config& config);

// What the last message of a user asks, of the list `name`: objects with `role` and `content`, a string or a list of
// parts; and what those before it asked, which it may lean on. A problem in `fields` when there is none. Other fields
// of a message have no effect.
void read_messages(Fields& fields, const std::string& name, answer::AskRequest& ask);
// The text of one message: of a part, `type` is "text", "input_text" or "output_text".
std::string read_content(Fields& message);

// Sets how it is answered. Problem: there is no such model. "renvoi", "renvoi-extractive", "renvoi-generative".
std::optional<ApiError> choose_model(const std::string& model, answer::AskRequest& ask);
std::vector<std::string> answer_models(Engine& engine);
// Problem: `model` is neither the embedding model's name nor "renvoi".
std::optional<ApiError> refuse_embedding_model(Engine& engine, const std::string& model);

// The field `unsupported`: "withhold" (default) or "show".
answer::Unsupported read_unsupported(Fields& fields);

// The rest of an answer, for which other protocols have no place. Clients keep fields that they do not know.
Json extension_of(const answer::Answer& answer);

// "chatcmpl-0123456789abcdef": another one each time.
std::string new_id(std::string_view prefix, std::string_view question);

// How a protocol writes an answer while it comes.
class AnswerStream {
 public:
  virtual ~AnswerStream() = default;
  virtual void begin() = 0;                        // once, before anything else; an error before it is a plain reply
  virtual bool piece(std::string_view text) = 0;   // false: the client has gone
  virtual void fail(const ApiError& problem) = 0;  // after begin(): the last
  virtual void finish(const answer::Answer& answer, const std::string& text) = 0;  // the last
};
void stream_answer(Application& application, const Exchange& exchange, const answer::AskRequest& ask,
                   AnswerStream& stream);
// All of it at once; nothing after having replied with what is wrong.
std::optional<answer::Answer> whole_answer(Application& application, const Exchange& exchange,
                                           const answer::AskRequest& ask);

// A string, or a list of 1 to `most` strings, none empty.
std::vector<std::string> read_inputs(Fields& fields, const std::string& name, std::size_t most);

}  // namespace renvoi::app
