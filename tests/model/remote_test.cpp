#include "model/remote_generator.h"
#include "model/scripted_server.h"
#include "model/sse_parser.h"
#include "model/support.h"

namespace renvoi::model {
namespace {

const std::string event_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

std::string whole(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\nConnection: close\r\n" +
         headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string delta(const std::string& text) {
  return "data: " + nlohmann::json{{"choices", {{{"delta", {{"content", text}}}}}}}.dump() + "\n\n";
}

struct Outcome {
  Result<Generation> generation;
  std::string streamed;
  std::string request;
};

enum class Mode { whole, streamed };

Outcome ask(ScriptedServer::Script script, Mode mode, GenerateOptions options = {}, std::stop_token stop = {}) {
  const ScriptedServer server(std::move(script));
  net::HttpClient client({});
  const auto generator = remote_generator({server.base_url() + "/", "secret-key", "some-model"}, client);
  if (!generator) return {generator.error(), "", ""};
  std::string streamed;
  const OnPiece collect = [&](std::string_view piece) {
    streamed += piece;
    return true;
  };
  const std::vector<Message> messages = {{"user", "Bonjour \xff ?"}};
  options.deadline_ms = std::min(options.deadline_ms, 10'000U);
  auto generation = (*generator)->generate(messages, options, mode == Mode::streamed ? collect : OnPiece(), stop);
  return {std::move(generation), streamed, server.request()};
}

ErrorCode code_of(const std::string& answer, Mode mode) {
  const auto outcome = ask({answer}, mode);
  EXPECT_FALSE(outcome.generation) << answer.substr(0, 300);
  if (outcome.generation) return ErrorCode::internal;
  EXPECT_EQ(outcome.generation.error().message.find("secret-key"), std::string::npos) << "the key is never told";
  return outcome.generation.error().code;
}

TEST(RemoteGenerator, AsksAndReadsAWholeAnswer) {
  const auto outcome = ask({whole(200, R"({"choices":[{"message":{"role":"assistant","content":"Bonjour."},
      "finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3}})")},
                           Mode::whole);
  ASSERT_TRUE(outcome.generation) << outcome.generation.error().describe();
  EXPECT_EQ(outcome.generation->text, "Bonjour.");
  EXPECT_EQ(outcome.generation->finish_reason, "stop");
  EXPECT_EQ(outcome.generation->prompt_tokens, 7U);
  EXPECT_EQ(outcome.generation->completion_tokens, 3U);
  EXPECT_TRUE(outcome.request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")) << outcome.request;
  EXPECT_NE(outcome.request.find("Authorization: Bearer secret-key\r\n"), std::string::npos);
  const auto body = nlohmann::json::parse(outcome.request.substr(outcome.request.find("\r\n\r\n") + 4));
  EXPECT_EQ(body["model"], "some-model");
  EXPECT_EQ(body["messages"][0]["content"], "Bonjour \xEF\xBF\xBD ?");
  EXPECT_EQ(body["temperature"], 0);
  EXPECT_EQ(body["stream"], false);
}

TEST(RemoteGenerator, StreamsHoweverTheBytesAreCut) {
  const std::string answer = event_head + ": keep-alive\r\n\r\n" +
                             "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\r\n\r\n" +
                             delta("Voilà ") + delta("l’œuvre 🙂") + delta("") +
                             "event: x\nid: 4\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n" +
                             "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":9}}\n\n" +
                             "data: [DONE]\n\n";
  for (const std::size_t piece_bytes : {1, 3, 17, 100'000}) {
    const auto outcome = ask({answer, piece_bytes}, Mode::streamed);
    ASSERT_TRUE(outcome.generation) << outcome.generation.error().describe();
    EXPECT_EQ(outcome.generation->text, "Voilà l’œuvre 🙂");
    EXPECT_EQ(outcome.streamed, outcome.generation->text);
    EXPECT_EQ(outcome.generation->finish_reason, "length");
    EXPECT_EQ(outcome.generation->completion_tokens, 9U);
  }
}

TEST(RemoteGenerator, DoesNotWaitForAServerThatStaysAfterItsLastWord) {
  const auto outcome = ask({event_head + delta("Fini") + "data: [DONE]\n\n", 1 << 20, true}, Mode::streamed);
  ASSERT_TRUE(outcome.generation) << outcome.generation.error().describe();
  EXPECT_EQ(outcome.generation->text, "Fini");
}

TEST(RemoteGenerator, StopsBeforeAStopStringThatTheServerDoesNotHeed) {
  GenerateOptions options;
  options.stop = {"FIN"};
  const auto outcome =
      ask({event_head + delta("Un F") + delta("I") + delta("N deux"), 1 << 20, true}, Mode::streamed, options);
  ASSERT_TRUE(outcome.generation) << outcome.generation.error().describe();
  EXPECT_EQ(outcome.generation->text, "Un ");
  EXPECT_EQ(outcome.streamed, "Un ");
}

TEST(RemoteGenerator, ReadsAWholeAnswerWhereAStreamWasAsked) {
  const auto outcome = ask({whole(200, R"({"choices":[{"message":{"content":"Oui."}}]})")}, Mode::streamed);
  ASSERT_TRUE(outcome.generation) << outcome.generation.error().describe();
  EXPECT_EQ(outcome.streamed, "Oui.");
}

TEST(RemoteGenerator, TellsWhatTheEndpointsRefusalMeans) {
  for (const Mode mode : {Mode::whole, Mode::streamed}) {
    EXPECT_EQ(code_of(whole(401, R"({"error":{"message":"bad key"}})"), mode), ErrorCode::denied);
    EXPECT_EQ(code_of(whole(403, "no"), mode), ErrorCode::denied);
    EXPECT_EQ(code_of(whole(404, "no"), mode), ErrorCode::invalid);
    EXPECT_EQ(code_of(whole(400, R"({"error":{"message":"context length exceeded"}})"), mode), ErrorCode::invalid);
    EXPECT_EQ(code_of(whole(500, std::string(100'000, '\xff')), mode), ErrorCode::unavailable);
    EXPECT_EQ(code_of(whole(302, "", "Location: http://127.0.0.1:1/\r\n"), mode), ErrorCode::invalid);
  }
  const auto busy = ask({whole(429, R"({"error":"slow down"})", "Retry-After: 17\r\n")}, Mode::whole);
  ASSERT_FALSE(busy.generation);
  EXPECT_EQ(busy.generation.error().code, ErrorCode::unavailable);
  EXPECT_EQ(busy.generation.error().retry_after_s, 17);
  EXPECT_NE(busy.generation.error().message.find("slow down"), std::string::npos);
  const auto until = ask({whole(503, "",
                                "Date: Tue, 24 Nov 2026 10:00:00 GMT\r\n"
                                "Retry-After: Tue, 24 Nov 2026 10:02:00 GMT\r\n")},
                         Mode::whole);
  ASSERT_FALSE(until.generation);
  EXPECT_EQ(until.generation.error().retry_after_s, 120);
}

TEST(RemoteGenerator, RefusesAnswersThatAreNotAnswers) {
  for (const std::string& body :
       {std::string(), std::string("hello"), std::string("[]"), std::string("{\"choices\":{}}"),
        std::string(R"({"choices":[{"message":{"content":7}}]})"), std::string(50'000, '['),
        std::string(R"({"choices":[{"message":"x"}]})")}) {
    EXPECT_EQ(code_of(whole(200, body), Mode::whole), ErrorCode::unavailable) << body.substr(0, 60);
  }
  for (const std::string& events :
       {std::string("data: {broken\n\n"), std::string("data: 7\n\n"), delta("half"), std::string("data:\n\n"),
        std::string("data: {\"error\":{\"message\":\"overloaded\"}}\n\n"),
        "data: " + std::string(3 << 20, 'x') + "\n\n", std::string("HTTP/1.1 200 OK\r\n\r\n")}) {
    EXPECT_EQ(code_of(event_head + events, Mode::streamed), ErrorCode::unavailable) << events.substr(0, 60);
  }
}

TEST(RemoteGenerator, HoldsItsDeadlineAndItsStopTokenWhenTheServerHangs) {
  GenerateOptions options;
  options.deadline_ms = 300;
  const auto late = ask({"", 1, true}, Mode::streamed, options);
  ASSERT_FALSE(late.generation);
  EXPECT_EQ(late.generation.error().code, ErrorCode::unavailable);
  const auto half = ask({event_head + delta("Un"), 1 << 20, true}, Mode::streamed, options);
  ASSERT_FALSE(half.generation);
  EXPECT_EQ(half.generation.error().code, ErrorCode::unavailable);
  std::stop_source stop;
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  const auto stopped = ask({"", 1, true}, Mode::whole, {}, stop.get_token());
  later.join();
  ASSERT_FALSE(stopped.generation);
  EXPECT_EQ(stopped.generation.error().code, ErrorCode::unavailable);
}

TEST(RemoteGenerator, SaysWhenNobodyListensOrTheAddressIsWrong) {
  net::HttpClient client({});
  const std::vector<Message> messages = {{"user", "x"}};
  const auto nobody = remote_generator({"http://127.0.0.1:1/v1", "", "m"}, client);
  ASSERT_TRUE(nobody);
  const auto generation = (*nobody)->generate(messages, {});
  ASSERT_FALSE(generation);
  EXPECT_EQ(generation.error().code, ErrorCode::unavailable);
  EXPECT_NE(generation.error().message.find("127.0.0.1:1"), std::string::npos);
  EXPECT_EQ(remote_generator({"not an address", "", "m"}, client).error().code, ErrorCode::invalid);
  EXPECT_EQ(remote_generator({"file:///etc", "", "m"}, client).error().code, ErrorCode::invalid);
  EXPECT_EQ(remote_generator({"http://h/v1", "a\r\nX: y", "m"}, client).error().code, ErrorCode::invalid);
  EXPECT_EQ(remote_generator({"http://h/v1", "", ""}, client).error().code, ErrorCode::invalid);
  const auto small = remote_generator({"http://127.0.0.1:1/v1", "", "m", 100}, client);
  const std::vector<Message> huge = {{"user", std::string(10'000, 'x')}};
  EXPECT_EQ((*small)->generate(huge, {}).error().code, ErrorCode::invalid);
}

TEST(SseParser, GivesTheSameEventsHoweverTheBytesAreCut) {
  const std::string stream =
      "\xEF\xBB\xBF"
      "data: one\r\n\r\n:comment\rdata:two\rdata:  three\r\revent: x\n\ndata\n\nother: 1\ndata: [DONE]";
  const std::vector<std::string> expected = {"one", "two\n three", "", "[DONE]"};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<std::string> events;
    SseParser parser([&](std::string_view data) {
      events.emplace_back(data);
      return true;
    });
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t length = 1 + random() % 9;
      parser.push(std::string_view(stream).substr(at, length));
      at += length;
    }
    parser.finish();
    EXPECT_EQ(events, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace renvoi::model
