"""Ollama's official client."""

import json
import unittest

import ollama

from clients import ANSWER, QUESTION, WithWorld

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]


class Ollama(WithWorld):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = ollama.Client(host=cls.world.address, timeout=60)

    def embedding_model(self):
        return next(model.model for model in self.client.list().models if "e5" in model.model)

    def test_models_are_listed_and_shown(self):
        names = [model.model for model in self.client.list().models]
        self.assertIn("renvoi:latest", names)
        for model in self.client.list().models:
            self.assertTrue(model.size > 1_000_000 and model.digest and model.modified_at, model)
        self.assertEqual(self.client.show("renvoi").capabilities, ["completion"])
        shown = self.client.show(self.embedding_model())
        self.assertEqual((shown.capabilities, shown.modelinfo["bert.embedding_length"]), (["embedding"], 384))
        self.assertRegex(self.get("/api/version")[1]["version"], r"^\d+\.\d+\.\d+")

    def test_a_chat_streams_and_adds_up_to_the_whole(self):
        whole = self.client.chat("renvoi", MESSAGES, options={"temperature": 0}, keep_alive="5m", think=False)
        self.assertIn(ANSWER, whole.message.content)
        self.assertEqual((whole.done, whole.done_reason, whole.message.role), (True, "stop", "assistant"))
        self.assertTrue(whole.total_duration > 0)
        pieces = list(self.client.chat("renvoi:latest", MESSAGES, stream=True))
        self.assertEqual("".join(piece.message.content for piece in pieces), whole.message.content)
        self.assertEqual([piece.done for piece in pieces], [False] * (len(pieces) - 1) + [True])
        self.assertGreater(len(pieces), 1)

    def test_lines_of_json_are_the_default_and_the_last_has_the_citations(self):
        status, headers, data = self.world.request("/api/chat", {"model": "renvoi", "messages": MESSAGES})
        self.assertEqual((status, headers["Content-Type"]), (200, "application/x-ndjson"))
        lines = [json.loads(line) for line in data.decode().splitlines()]
        self.assertEqual(lines[-1]["renvoi"]["citations"][0]["address"], self.page)
        self.assertTrue(all("renvoi" not in line for line in lines[:-1]))
        _, value = self.post("/api/chat", {"model": "renvoi", "messages": MESSAGES, "stream": False, "renvoi": {"domain": "example.org"}})
        self.assertTrue(value["renvoi"]["abstained"])

    def test_a_prompt_is_answered(self):
        whole = self.client.generate("renvoi-extractive", QUESTION)
        self.assertIn(ANSWER, whole.response)
        self.assertEqual("".join(piece.response for piece in self.client.generate("renvoi-extractive", QUESTION, stream=True)), whole.response)
        self.assertEqual(self.client.generate("renvoi", "").done_reason, "load")
        self.assertEqual(self.client.chat("renvoi").done_reason, "load")

    def test_vectors_are_those_of_the_other_interface(self):
        model = self.embedding_model()
        texts = ["A loan lasts three weeks.", "The north room is silent."]
        rows = self.client.embed(model, texts).embeddings
        _, other = self.post("/v1/embeddings", {"model": "renvoi", "input": texts})
        for row, same in zip(rows, other["data"]):
            self.assertEqual(len(row), 384)
            for a, b in zip(row, same["embedding"]):
                self.assertAlmostEqual(a, b, places=4)
        self.assertEqual(len(self.client.embed(model, texts[0]).embeddings), 1)
        one = self.client.embeddings(model, texts[0]).embedding
        self.assertGreater(sum(a * b for a, b in zip(one, rows[0])), 0.99)

    def test_errors_are_what_the_client_reads(self):
        for ask in (lambda: self.client.chat("llama9", MESSAGES), lambda: self.client.show("llama9"), lambda: self.client.embed("llama9", "x")):
            with self.assertRaises(ollama.ResponseError) as caught:
                ask()
            self.assertEqual(caught.exception.status_code, 404)
            self.assertIn("llama9", caught.exception.error)
        with self.assertRaises(ollama.ResponseError) as caught:
            list(self.client.chat("llama9", MESSAGES, stream=True))
        self.assertIn("llama9", caught.exception.error)
        for path in ("/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/show"):
            for body in (b"", b"{", b"[]", b'{"model": 3}', b"{}", b"\xff\xfe", b"[" * 100_000, b'{"model": "renvoi", "messages": 3, "prompt": 3, "input": 3}'):
                status, value = self.post(path, body)
                if (path, body[:20]) != ("/api/show", b'{"model": "renvoi", '):
                    self.assertEqual((status, type(value["error"])), (400, str), (path, body[:20], value))
        status, value = self.get("/api/chat")
        self.assertEqual((status, type(value["error"])), (405, str))

    def test_our_own_routes_beside_them_stay(self):
        self.assertEqual(self.get("/api/search?q=silence")[0], 200)
        self.assertIn("message", self.get("/api/search")[1]["error"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
