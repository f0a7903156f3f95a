"""The official OpenAI client works against `renvoi serve`, unchanged. Run by .deps/venv/bin/python."""

import json
import math
import unittest

import openai

from world import WithWorld

QUESTION = "How long may a book be kept?"


class OpenAiClient(WithWorld):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = openai.OpenAI(base_url=cls.world.address + "/v1", api_key="none-needed-on-loopback", max_retries=0, timeout=60)
        cls.addClassCleanup(cls.client.close)

    def embedding_model(self):
        return next(model.id for model in self.client.models.list() if "e5" in model.id)

    def test_models_are_listed_and_one_can_be_asked_for(self):
        names = [model.id for model in self.client.models.list()]
        self.assertIn("renvoi", names)
        self.assertEqual(self.client.models.retrieve("renvoi").id, "renvoi")

    def test_a_chat_answers_and_its_annotations_cite_the_page(self):
        done = self.client.chat.completions.create(model="renvoi", messages=[{"role": "user", "content": QUESTION}])
        message = done.choices[0].message
        self.assertIn("twenty-one days", message.content)
        self.assertEqual(done.choices[0].finish_reason, "stop")
        citations = [annotation.url_citation for annotation in message.annotations]
        self.assertIn(self.world.site.address + "/en/loans.html", [citation.url for citation in citations])
        for citation in citations:
            # The indices count code points, and stand around the mark in the text.
            self.assertRegex(message.content[citation.start_index:citation.end_index], r"^\[\d+\]$")
            self.assertTrue(citation.title)

    def test_a_chat_in_french_answers_in_french(self):
        done = self.client.chat.completions.create(
            model="renvoi", messages=[{"role": "user", "content": "Combien de temps peut-on garder un livre ?"}])
        self.assertIn("vingt et un jours", done.choices[0].message.content)

    def test_a_stream_says_the_same_as_the_whole(self):
        messages = [{"role": "user", "content": QUESTION}]
        whole = self.client.chat.completions.create(model="renvoi", messages=messages).choices[0].message
        text, annotations, reason = "", [], None
        for chunk in self.client.chat.completions.create(model="renvoi", messages=messages, stream=True):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                annotations += (choice.delta.model_extra or {}).get("annotations") or []
                reason = choice.finish_reason or reason
        self.assertEqual(text, whole.content)
        self.assertEqual(reason, "stop")
        self.assertEqual({each["url_citation"]["url"] for each in annotations}, {each.url_citation.url for each in whole.annotations})

    def test_embeddings_are_unit_vectors_that_know_what_is_near(self):
        texts = ["passage: A book may be kept for three weeks.", "passage: Un livre peut être gardé trois semaines.", "passage: The north room is silent."]
        done = self.client.embeddings.create(model=self.embedding_model(), input=texts)
        self.assertEqual([each.index for each in done.data], [0, 1, 2])
        vectors = [each.embedding for each in done.data]
        for vector in vectors:
            self.assertEqual(len(vector), 384)
            self.assertAlmostEqual(math.sqrt(sum(value * value for value in vector)), 1, places=3)
        cosine = lambda left, right: sum(a * b for a, b in zip(left, right))
        self.assertGreater(cosine(vectors[0], vectors[1]), cosine(vectors[0], vectors[2]))

    def test_an_unknown_model_is_an_error_that_names_it(self):
        with self.assertRaises(openai.APIStatusError) as caught:
            self.client.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": QUESTION}])
        self.assertEqual(caught.exception.status_code, 404)
        self.assertIn("no-such-model", str(caught.exception))

    def test_a_chat_without_messages_is_an_error_of_the_request(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model="renvoi", messages=[])
        self.assertIn("messages", str(caught.exception))

    def test_malformed_json_is_an_error_of_the_request(self):
        for path in ("/v1/chat/completions", "/v1/embeddings", "/api/ask"):
            for body in (b"{", b"", b"[]", b'{"messages": 3}', b"\xff\xfe", b"[" * 100_000):
                status, _, text = self.world.request(path, body)
                self.assertEqual(status, 400, (path, body[:20], text[:200]))
                self.assertTrue(json.loads(text)["error"]["message"])

    def test_a_page_that_is_gone_is_not_cited(self):
        question = "What does a lost card cost?"
        asked = lambda: json.loads(self.world.request("/api/ask", {"question": question})[2])
        page = self.world.site.address + "/en/cards.html"
        self.assertIn(page, [citation["address"] for citation in asked()["citations"]])
        self.world.site.take_away(page)
        after = asked()
        self.assertNotIn(page, [citation["address"] for citation in after["citations"]])
        self.assertIn("404", next(each["reason"] for each in after["dropped"] if each["address"] == page))


if __name__ == "__main__":
    unittest.main(verbosity=2)
