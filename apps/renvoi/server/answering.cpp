#include "server/answering.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "json_view.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMaxMessages = 1'000;

ApiError no_model(std::string message) {
  return {404, std::move(message), "not_found_error", "model_not_found", "model"};
}

}  // namespace

answer::AskRequest new_question(const Config& config) {
  answer::AskRequest ask;
  ask.max_citations = config.answer.max_citations;
  ask.deadline_ms = config.answer.deadline_ms;
  return ask;
}

std::string read_content(Fields& message) {
  const Json& content = message.raw("content");
  if (content.is_string()) return content.get<std::string>();
  if (content.is_null()) return "";
  if (!content.is_array()) {
    message.refuse("content", "must be a string or a list of parts");
    return "";
  }
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    Fields part(content[i], fmt::format("{}[{}]", message.path_of("content"), i));
    part.choice("type", "text", {"text", "input_text", "output_text"});
    text += part.required_text("text");
    part.ignore_others();
    if (auto problem = part.problem()) message.refuse_path(problem->param, "is not a text part: " + problem->message);
  }
  return text;
}

void read_messages(Fields& fields, const std::string& name, answer::AskRequest& ask) {
  const Json& messages = fields.raw(name);
  if (!messages.is_array() || messages.empty() || messages.size() > kMaxMessages) {
    fields.refuse(name, fmt::format("must be a list of 1 to {} messages", kMaxMessages));
    return;
  }
  bool asked = false;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Fields message(messages[i], fmt::format("{}[{}]", name, i));
    message.ignore_others();
    // Items of a conversation that are no messages (calls of tools, reasoning) ask nothing.
    if (message.text("type", "message") != "message") continue;
    const std::string role =
        message.choice("role", "", {"system", "developer", "user", "assistant", "tool", "function"});
    if (role.empty()) message.refuse("role", "is missing");
    const std::string content = read_content(message);
    if (role == "user") {
      if (asked && !ask.question.empty()) ask.earlier_questions.push_back(ask.question);
      ask.question = content;
      asked = true;
    }
    if (auto problem = message.problem()) fields.refuse_path(problem->param, problem->message);
  }
  if (!asked) fields.refuse(name, "holds no message of a user: there is no question");
}

std::optional<ApiError> choose_model(const std::string& model, answer::AskRequest& ask) {
  if (model == "renvoi") return {};
  if (model == "renvoi-extractive") ask.mode = answer::AnswerMode::extractive;
  if (model == "renvoi-generative") ask.mode = answer::AnswerMode::generative;
  if (ask.mode) return {};
  return no_model(fmt::format("there is no model '{}': GET /v1/models lists them", printable(model)));
}

std::vector<std::string> answer_models(Engine& engine) {
  std::vector<std::string> names{"renvoi", "renvoi-extractive"};
  if (engine.has_generator()) names.emplace_back("renvoi-generative");
  return names;
}

std::optional<ApiError> refuse_embedding_model(Engine& engine, const std::string& model) {
  const std::string name = engine.embedder().name();
  if (model == name || model == "renvoi") return {};
  return no_model(fmt::format("there is no embedding model '{}': this server has '{}'", printable(model), name));
}

answer::Unsupported read_unsupported(Fields& fields) {
  const bool show = fields.choice("unsupported", "withhold", {"withhold", "show"}) == "show";
  return show ? answer::Unsupported::show : answer::Unsupported::withhold;
}

Json extension_of(const answer::Answer& answer) {
  Json value = json_of(answer);
  value.erase("text");
  value.erase("usage");
  return value;
}

std::string new_id(std::string_view prefix, std::string_view question) {
  const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
  return fmt::format("{}{:016x}", prefix, fingerprint(fmt::format("{} {}", ticks, question)));
}

void stream_answer(Application& application, const Exchange& exchange, const answer::AskRequest& ask,
                   AnswerStream& stream) {
  std::string sent;
  bool began = false;
  std::stop_source stop;
  const auto send = [&](std::string_view piece) {
    if (!began) stream.begin();
    began = true;
    sent += piece;
    const bool listening = stream.piece(piece);
    if (!listening) stop.request_stop();
    return listening;
  };
  const auto answer = application.engine.answerer().ask(ask, send, stop.get_token());
  if (!answer) {
    if (!began) return exchange.reply.error(answer.error());
    return stream.fail(api_error(answer.error()));
  }
  application.keep_cited(ask, *answer);
  if (!began) send(answer->text);
  stream.finish(*answer, sent);
}

std::optional<answer::Answer> whole_answer(Application& application, const Exchange& exchange,
                                           const answer::AskRequest& ask) {
  auto answer = application.engine.answerer().ask(ask);
  if (!answer) {
    exchange.reply.error(answer.error());
    return {};
  }
  application.keep_cited(ask, *answer);
  return std::move(answer).value();
}

std::vector<std::string> read_inputs(Fields& fields, const std::string& name, std::size_t most) {
  const Json& input = fields.raw(name);
  std::vector<std::string> texts;
  const bool many = input.is_array();
  if (!input.is_string() && (!many || input.empty() || input.size() > most)) {
    fields.refuse(name, fmt::format("must be a string, or a list of 1 to {} strings", most));
    return texts;
  }
  for (std::size_t i = 0; i < (many ? input.size() : 1); ++i) {
    const Json& each = many ? input[i] : input;
    const std::string path = many ? fmt::format("{}[{}]", name, i) : name;
    if (!each.is_string()) {
      fields.refuse(path, fmt::format("must be a string, not {} (tokens are not accepted)", each.type_name()));
      return texts;
    }
    if (each.get_ref<const std::string&>().empty()) fields.refuse(path, "is empty");
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

}  // namespace renvoi::app
