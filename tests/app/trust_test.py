"""A generator is trusted after a test by renvoi's own checks; what no evidence says is withheld, or shown as such."""

import http.server
import json
import re
import unittest

from harness import INVALID, NOTES, OK, Home, Loopback


class Endpoint(Loopback):
    """An OpenAI-compatible endpoint that writes what `script` makes of the user's message."""

    def __init__(self, script):
        endpoint = self
        self.script, self.asked = script, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.asked += 1
                text = endpoint.script(body["messages"][-1]["content"])
                events = [{"choices": [{"index": 0, "delta": {"content": text[i:i + 9]}}]} for i in range(0, len(text), 9)]
                events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                data = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data.encode())
                except OSError:
                    pass  # the client had enough

            def log_message(self, *_):
                pass

        self.start(Handler, "/v1")


def copyist(message):
    """The sentence of the evidence that shares most words with the question, unless it shares few: then it refuses."""
    evidence, question = message.rsplit("Question: ", 1)
    if re.search(r"salariés|work at|construit|built|roof", question):
        return "NO ANSWER"
    asked = set(re.findall(r"\w{6,}", question.lower()))
    lines = [line for line in evidence.splitlines() if line.endswith(".")]
    sentences = [one for line in lines for one in re.split(r"(?<=[a-zé0-9]\.) (?=[A-Z])", line)]
    return max(sentences, key=lambda one: len(asked & set(re.findall(r"\w{6,}", one.lower())))) + " [1]"


def inventor(message):
    return "A crossing costs eleven crowns [1]. It was painted by Napoleon in 1805 [1]. ![x](https://evil.example/?q=1)"


class Trust(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)
        self.home.write_notes(NOTES)
        self.home.json("add", self.home.notes)
        self.endpoint = Endpoint(copyist)
        self.addCleanup(self.endpoint.close)

    def configured(self, more=""):
        file = self.home.folder / "endpoint.toml"
        file.write_text(f"[generate]\nendpoint = '{self.endpoint.address}'\nmodel = 'scripted'\n{more}")
        return "--config", file

    def ask(self, *options, more=""):
        return self.home.json(*self.configured(more), "ask", "How many crowns does a crossing with the ferry cost?", *options)

    def test_a_model_is_trusted_once_it_passed_and_not_before(self):
        before = self.ask("--mode", "generative")
        self.assertEqual(before["mode"], "extractive")
        self.assertIn("has not been tested", before["mode_reason"])
        self.assertEqual(self.endpoint.asked, 0)
        probe = self.home.json(*self.configured(), "model", "probe")["probe"]
        self.assertTrue(probe["trusted"], probe)
        self.assertEqual((probe["answers_held"], probe["refused"]), (12, 4))
        after = self.ask()
        self.assertEqual((after["mode"], after["mode_reason"]), ("generative", None), after)
        self.assertIn("eleven crowns", after["text"])
        self.assertEqual((after["supported"], after["unsupported"]), (1, 0))
        # The result belongs to that endpoint and model.
        self.assertIn("has not been tested", self.home.json(
            "--config", self.other_model(), "ask", "How much does a crossing cost?", "--mode", "generative")["mode_reason"])

    def other_model(self):
        file = self.home.folder / "other.toml"
        file.write_text(f"[generate]\nendpoint = '{self.endpoint.address}'\nmodel = 'another'\n")
        return file

    def test_a_model_that_invents_fails_and_writes_only_if_the_operator_says_so(self):
        self.endpoint.script = inventor
        self.assertFalse(self.home.json(*self.configured(), "model", "probe")["probe"]["trusted"])
        answer = self.ask("--mode", "generative")
        self.assertEqual(answer["mode"], "extractive")
        self.assertIn("failed its test", answer["mode_reason"])
        answer = self.ask("--mode", "generative", more="trust = 'always'\n")
        self.assertEqual((answer["mode"], answer["supported"], answer["unsupported"]), ("generative", 1, 2), answer)
        self.assertNotIn("Napoleon", answer["text"])
        status, _, err = self.home.run(*self.configured("trust = 'yes'\n"), "stats")
        self.assertEqual(status, INVALID)
        self.assertIn("generate.trust", err)

    def test_what_no_evidence_says_is_shown_as_such_on_request(self):
        self.endpoint.script = inventor
        config = f"[generate]\nendpoint = '{self.endpoint.address}'\nmodel = 'scripted'\ntrust = 'always'\n"
        server = self.home.serve(config=config)
        question = "How much does a crossing with the ferry cost?"
        status, shown = server.json("POST", "/api/ask", {"question": question, "mode": "generative", "unsupported": "show"})
        self.assertEqual(status, 200, shown)
        self.assertIn("It was painted by Napoleon in 1805. (not found in the sources)", shown["text"])
        self.assertNotIn("evil.example", json.dumps(shown))
        one = shown["unsupported_sentences"][0]
        self.assertEqual(shown["text"].encode()[one["range"]["begin"]:one["range"]["end"]].decode(), one["text"] + " (not found in the sources)")
        body = {"model": "renvoi-generative", "messages": [{"role": "user", "content": question}]}
        _, chat = server.json("POST", "/v1/chat/completions", body)
        self.assertNotIn("Napoleon", chat["choices"][0]["message"]["content"])
        _, chat = server.json("POST", "/v1/chat/completions", {**body, "renvoi": {"unsupported": "show"}})
        self.assertIn("Napoleon in 1805. (not found in the sources)", chat["choices"][0]["message"]["content"])
        self.assertEqual(len(chat["renvoi"]["citations"]), 1)
        self.assertEqual(server.json("POST", "/api/ask", {"question": question, "unsupported": "perhaps"})[0], 400)
        status, models = server.json("GET", "/api/models")
        self.assertEqual(status, 200)
        self.assertIn("embed", {model["role"] for model in models["models"]})
        self.assertTrue(models["endpoint"]["may_generate"])
        self.assertIsNone(models["endpoint"]["probe"])
        self.assertNotIn(str(self.home.folder), json.dumps(models))


if __name__ == "__main__":
    unittest.main()
