#include "server/ask_stream.h"

#include "json_view.h"

namespace renvoi::app {
namespace {

std::string_view to_string(answer::AskStep step) {
  switch (step) {
    case answer::AskStep::search:
      return "search";
    case answer::AskStep::read:
      return "read";
    case answer::AskStep::web:
      return "web";
    case answer::AskStep::write:
      return "write";
  }
  return "write";
}

Json json_of_seen(const answer::EvidenceDocument& seen) {
  const catalog::Reference& reference = seen.reference;
  return {{"reference", reference.id == ReferenceId::none ? Json(nullptr) : Json(to_number(reference.id))},
          {"address", reference.address},
          {"title", seen.document.title.empty() ? reference.title : seen.document.title},
          {"language", reference.language},
          {"state", std::string(catalog::to_string(reference.state))},
          {"checked_at", json_time(seen.checked_at)},
          {"verified", seen.verified},
          {"date", json_time(reference.date)}};
}

class AskStream final : public answer::AskListener {
 public:
  explicit AskStream(Reply& reply) : reply_(reply) {}

  void on_step(answer::AskStep step) override {
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - began_at_;
    send("step", {{"step", std::string(to_string(step))}, {"at_ms", elapsed.count()}});
  }
  void on_evidence(const answer::Evidence& evidence) override {
    Json documents = Json::array(), dropped = Json::array();
    for (const auto& seen : evidence.documents) documents.push_back(json_of_seen(seen));
    for (const auto& each : evidence.dropped) dropped.push_back(json_of(each));
    send("evidence", {{"documents", documents}, {"dropped", dropped}});
  }
  void on_citation(const answer::Citation& citation) override { send("citation", json_of(citation)); }

  // Nothing is sent before the first event, so that what is wrong with the request has its own status.
  bool send(std::string_view name, const Json& value) {
    if (!reply_.began()) reply_.begin_events();
    if (!gone_.stop_requested() && !reply_.event(name, dump(value))) gone_.request_stop();
    return !gone_.stop_requested();
  }
  std::stop_token gone() const { return gone_.get_token(); }

 private:
  Reply& reply_;
  std::stop_source gone_;
  const std::chrono::steady_clock::time_point began_at_ = std::chrono::steady_clock::now();
};

}  // namespace

void stream_ask(Application& application, const Exchange& exchange, answer::AskRequest request) {
  AskStream stream(exchange.reply);
  request.listener = &stream;
  const auto send = [&](std::string_view piece) { return stream.send("text", {{"text", std::string(piece)}}); };
  const auto answer = application.engine.answerer().ask(request, send, stream.gone());
  if (!answer && !exchange.reply.began()) return exchange.reply.error(answer.error());
  if (answer) {
    application.keep_cited(request, *answer);
    stream.send("answer", json_of(*answer));
  } else {
    stream.send("error", json_of(api_error(answer.error())));
  }
  exchange.reply.end_events();
}

}  // namespace renvoi::app
