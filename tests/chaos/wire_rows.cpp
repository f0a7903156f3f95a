// What happens below HTTP, and validators that lie.
#include <zlib.h>

#include <chrono>
#include <thread>

#include "chaos/chaos_rows.h"

namespace renvoi::test {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

// A page that was read behaves so, for a day and for a month: its old text stays what is known of it.
Row becomes(const std::string& name, const std::string& state, bool shown, const std::string& must,
            const Behaviour& behaviour, const std::string& after_weeks = "") {
  return {name, must, [=](World& w) {
            w.start({"/a"});
            const auto before = w.find("/a");
            w.set("/a", behaviour);
            w.read_later(kDay_s + 1);
            EXPECT_EQ(w.state("/a"), state) << w.reason("/a");
            EXPECT_EQ(w.shown("/a"), shown);
            EXPECT_FALSE(w.last.problems.empty());
            w.read_through(20 * kDay_s, 5 * kDay_s);
            EXPECT_EQ(w.state("/a"), after_weeks.empty() ? state : after_weeks);
            EXPECT_EQ(w.shown("/a"), shown && after_weeks.empty());
            EXPECT_EQ(w.find("/a")->fingerprint, before->fingerprint);
            w.set("/a", text("/a"));
            w.read_later(8 * kDay_s);
            EXPECT_EQ(w.state("/a"), "LIVE") << w.reason("/a");
          }};
}

// What is there now is not read. Once is no evidence of anything; for days, and the old text is no longer there.
Row turns_unreadable(const std::string& name, const std::string& must, const Behaviour& behaviour) {
  return becomes(name, "LIVE", true, must + "; after days out of answers, never dead", behaviour, "BLOCKED");
}

std::string head(const std::string& more) { return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + more + "\r\n"; }

std::vector<Row> broken_rows() {
  return {
      becomes("slow_drip", "HOST_DOWN", true, "a byte now and then: given up after the time limit, HOST_DOWN",
              [](Wire& wire, const Ask&) {
                wire.send(head("Content-Length: 5000\r\n"));
                for (int i = 0; i < 40 && wire.send("x"); ++i)
                  std::this_thread::sleep_for(std::chrono::milliseconds(50));
              }),
      becomes("never_answers", "HOST_DOWN", true, "HOST_DOWN",
              [](Wire&, const Ask&) { std::this_thread::sleep_for(std::chrono::milliseconds(700)); }),
      turns_unreadable("endless_body", "cut at the limit of size, and a problem is told",
                       [](Wire& wire, const Ask&) {
                         wire.send(head(""));
                         while (wire.send(std::string(10'000, 'x'))) {
                         }
                       }),
      turns_unreadable("gzip_bomb", "expanded no further than the limit of size",
                       [bomb = gzip(std::string(8u << 20, ' '))](Wire& wire, const Ask&) {
                         wire.answer(200, bomb, "Content-Type: text/html\r\nContent-Encoding: gzip\r\n");
                       }),
      turns_unreadable("broken_gzip", "not read",
                       [](Wire& wire, const Ask&) {
                         wire.answer(200, "\x1F\x8B\x08 and then nonsense",
                                     "Content-Type: text/html\r\nContent-Encoding: gzip\r\n");
                       }),
      becomes("body_shorter_than_its_length", "HOST_DOWN", true, "half a page is never read as the page",
              [](Wire& wire, const Ask&) {
                wire.send(head("Content-Length: 90000\r\n") + page_of("A", words_of("half")));
              }),
      becomes("chunks_that_end_early", "HOST_DOWN", true, "half a page is never read as the page",
              [](Wire& wire, const Ask&) { wire.send(head("Transfer-Encoding: chunked\r\n") + "4\r\nhalf\r\n"); }),
      becomes("reset_after_the_head", "HOST_DOWN", true, "HOST_DOWN",
              [](Wire& wire, const Ask&) {
                wire.send(head("Content-Length: 90000\r\n") + "some");
                wire.reset();
              }),
      becomes("reset_at_once", "HOST_DOWN", true, "HOST_DOWN", [](Wire& wire, const Ask&) { wire.reset(); }),
      becomes("closes_without_a_word", "HOST_DOWN", true, "HOST_DOWN", [](Wire&, const Ask&) {}),
      turns_unreadable("huge_headers", "not read",
                       [](Wire& wire, const Ask&) {
                         wire.send("HTTP/1.1 200 OK\r\n");
                         for (int i = 0; i < 4'000; ++i)
                           if (!wire.send("X-" + std::to_string(i) + ": " + std::string(1'000, 'y') + "\r\n")) return;
                         wire.send("\r\n");
                       }),
      turns_unreadable("not_http", "something else answers on that port: not read",
                       [](Wire& wire, const Ask&) { wire.send("SSH-2.0-OpenSSH_9.2p1\r\n"); }),
      turns_unreadable("turns_binary", "a page that became a picture is not read",
                       [](Wire& wire, const Ask&) {
                         wire.answer(200, std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", 18),
                                     "Content-Type: image/png\r\n");
                       }),
      turns_unreadable("turns_empty", "an empty body is not an empty document",
                       [](Wire& wire, const Ask&) { wire.answer(200, ""); }),
      {"body_longer_than_its_length", "read up to its length",
       [](World& w) {
         w.set("/b", [](Wire& wire, const Ask&) {
           const std::string body = page_of("B", words_of("b"));
           wire.send(head("Content-Length: " + std::to_string(body.size()) + "\r\n") + body + "<p>smuggled</p>");
         });
         w.start({});
         w.link({"/b"});
         w.read_later(kDay_s + 1);
         EXPECT_TRUE(w.shown("/b"));
       }},
      {"no_length_at_all", "read to the end of the connection",
       [](World& w) {
         w.set("/b", [](Wire& wire, const Ask&) { wire.send(head("") + page_of("B", words_of("b"))); });
         w.start({});
         w.link({"/b"});
         w.read_later(kDay_s + 1);
         EXPECT_TRUE(w.shown("/b"));
       }},
  };
}

std::vector<Row> validator_rows() {
  return {
      {"another_etag_for_the_same_text", "change is judged on the text: not encoded again",
       [](World& w) {
         w.start({"/a"});
         const std::size_t read = w.documents.size();
         w.set("/a", [](Wire& wire, const Ask& ask) {
           text("/a", "ETag: \"" + std::to_string(ask.times) + "\"\r\n")(wire, ask);
         });
         w.read_through(20 * kDay_s);
         EXPECT_EQ(w.documents.size(), read);
         EXPECT_EQ(w.find("/a")->history.changes, 0u);
       }},
      {"the_same_etag_for_another_text", "found out by the look without validators, one in twenty",
       [](World& w) {
         // Always 304 to who has been here before.
         const auto liar = [](const std::string& seed) -> Behaviour {
           return [=](Wire& wire, const Ask& ask) {
             if (!ask.header("if-none-match").empty()) return wire.answer(304, "", "ETag: \"1\"\r\n");
             text(seed, "ETag: \"1\"\r\n")(wire, ask);
           };
         };
         w.set("/b", liar("first"));
         w.start({});
         w.link({"/b"});
         w.read_later(kDay_s + 1);
         ASSERT_TRUE(w.shown("/b"));
         w.set("/b", liar("second"));
         w.options.force = true;
         int looks = 0;
         while (w.find("/b")->history.changes == 0 && looks < 25) {
           w.read_later(kDay_s);
           ++looks;
         }
         EXPECT_LE(looks, 20);
         EXPECT_GT(looks, 1);
       }},
      {"a_304_that_nobody_asked_for", "a new page that answers so is not indexed; a known one is not refreshed by it",
       [](World& w) {
         w.start({"/a"});
         w.link({"/b"});
         w.set("/a", status(304));
         w.set("/b", status(304));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/b"), "none");
         EXPECT_EQ(w.find("/a")->history.comparisons, 0u);
         EXPECT_EQ(w.find("/a")->checked_at, w.clock.now() - kDay_s - 1);
       }},
      {"a_304_for_another_version", "the page is asked for whole, and its new text read",
       [](World& w) {
         w.set("/b", text("first", "ETag: \"1\"\r\n"));
         w.start({});
         w.link({"/b"});
         w.read_later(kDay_s + 1);
         const std::size_t read = w.documents.size();
         w.set("/b", [](Wire& wire, const Ask& ask) {
           if (!ask.header("if-none-match").empty()) return wire.answer(304, "", "ETag: \"2\"\r\n");
           text("second", "ETag: \"2\"\r\n")(wire, ask);
         });
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.documents.size(), read + 1);
         EXPECT_EQ(w.documents.back(), w.url("/b"));
       }},
      {"last_modified_in_the_future", "given back as it came: the server's clock is its own",
       [](World& w) {
         const std::string date = "Fri, 01 Jan 2100 00:00:00 GMT";
         w.set("/b", [=](Wire& wire, const Ask& ask) {
           if (ask.header("if-modified-since") == date) return wire.answer(304, "");
           text("b", "Last-Modified: " + date + "\r\n")(wire, ask);
         });
         w.start({});
         w.link({"/b"});
         w.read_later(kDay_s + 1);
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.find("/b")->history.comparisons, 1u);
         EXPECT_EQ(w.find("/b")->validators.last_modified, date) << "lost by a 304 without it";
         EXPECT_EQ(w.state("/b"), "LIVE");
       }},
  };
}

}  // namespace

std::vector<Row> wire_rows() {
  std::vector<Row> rows = broken_rows();
  for (const Row& row : validator_rows()) rows.push_back(row);
  return rows;
}

}  // namespace renvoi::test
