"""OpenAI's official clients, of Python and of Node, against /v1/responses, and what Perplexity's clients read of a chat."""

import json
import unittest

import openai

from clients import ANSWER, QUESTION, WithWorld, run_node

# The order that OpenAI documents for a response of one message.
BEFORE = ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"]
AFTER = ["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"]


class Responses(WithWorld):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = openai.OpenAI(base_url=cls.world.address + "/v1", api_key="none-needed-on-loopback", max_retries=0, timeout=60)
        cls.addClassCleanup(cls.client.close)

    def check(self, response):
        self.assertEqual((response.object, response.status, response.error), ("response", "completed", None))
        self.assertIn(ANSWER, response.output_text)
        annotations = response.output[0].content[0].annotations
        self.assertIn(self.page, [each.url for each in annotations])
        for each in annotations:
            self.assertEqual(each.type, "url_citation")
            self.assertRegex(response.output_text[each.start_index:each.end_index], r"^\[\d+\]$")

    def test_a_response_answers_and_cites(self):
        response = self.client.responses.create(model="renvoi", input=QUESTION, instructions="Be brief.", temperature=0.1, metadata={"a": "b"})
        self.check(response)
        self.assertEqual((response.metadata, response.instructions), ({"a": "b"}, "Be brief."))

    def test_a_conversation_and_its_parts_are_understood(self):
        self.check(self.client.responses.create(model="renvoi-extractive", input=[
            {"role": "user", "content": "Who are you?"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "renvoi", "annotations": []}]},
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"role": "user", "content": [{"type": "input_text", "text": QUESTION}]}]))

    def test_the_events_of_a_stream_come_in_the_documented_order(self):
        events = list(self.client.responses.create(model="renvoi", input=QUESTION, stream=True))
        types = [event.type for event in events]
        self.assertEqual(types[:4], BEFORE)
        self.assertEqual(types[-4:], AFTER)
        between = types[4:-4]
        deltas, annotations = between.count("response.output_text.delta"), between.count("response.output_text.annotation.added")
        self.assertEqual(between, ["response.output_text.delta"] * deltas + ["response.output_text.annotation.added"] * annotations)
        self.assertTrue(deltas and annotations)
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        whole = events[-1].response
        self.check(whole)
        self.assertEqual((text, events[-4].text), (whole.output_text, whole.output_text))
        self.assertEqual(events[-2].item.content[0].text, whole.output_text)
        self.assertEqual([event.annotation.url for event in events if event.type == "response.output_text.annotation.added"],
                         [each.url for each in whole.output[0].content[0].annotations])
        items = {event.item_id for event in events[3:-2]}
        self.assertEqual(items, {whole.output[0].id})

    def test_the_helper_that_collects_a_stream_ends_with_the_answer(self):
        with self.client.responses.stream(model="renvoi", input=QUESTION) as stream:
            for _ in stream:
                pass
            self.check(stream.get_final_response())

    def test_the_domains_of_a_search_tool_are_kept_to(self):
        def ask(*domains):
            tool = {"type": "web_search", "filters": {"allowed_domains": list(domains)}}
            return self.client.responses.create(model="renvoi", input=QUESTION, tools=[tool]).model_extra["renvoi"]
        self.assertFalse(ask("127.0.0.1")["abstained"])
        elsewhere = ask("example.org")
        self.assertTrue(elsewhere["abstained"])
        self.assertEqual(elsewhere["citations"], [])

    def test_what_is_not_here_is_refused_by_name(self):
        for fields, param in (({"previous_response_id": "resp_1"}, "previous_response_id"), ({"background": True}, "background"),
                              ({"text": {"format": {"type": "json_object"}}}, "text.format.type"), ({"input": []}, "input"),
                              ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]}, "input[0].content[0].type")):
            with self.subTest(param), self.assertRaises(openai.BadRequestError) as caught:
                self.client.responses.create(**{"model": "renvoi", "input": QUESTION, **fields})
            self.assertEqual(caught.exception.param, param)
        with self.assertRaises(openai.NotFoundError) as caught:
            self.client.responses.create(model="gpt-nothing", input=QUESTION)
        self.assertEqual(caught.exception.code, "model_not_found")

    def test_node(self):
        seen = run_node("openai.mjs", self.world.address, QUESTION)
        self.assertIn(ANSWER, seen["text"])
        self.assertEqual((seen["streamed"], seen["collected"], seen["chat"]), (seen["text"],) * 3)
        self.assertEqual((seen["types"][:4], seen["types"][-4:]), (BEFORE, AFTER))
        self.assertIn(self.page, seen["urls"])
        self.assertEqual((seen["error"]["status"], seen["error"]["param"], seen["error"]["name"]), (400, "background", "BadRequestError"))
        self.assertEqual(seen["dimensions"], 384)

    # Perplexity's fields

    def chat(self, **fields):
        return self.client.chat.completions.create(model="renvoi", messages=[{"role": "user", "content": QUESTION}], extra_body=fields)

    def test_search_results_and_citations_stand_beside_the_choices(self):
        done = self.chat()
        text, citations = done.choices[0].message.content, done.model_extra["citations"]
        self.assertEqual(citations[0], self.page)
        for number, result in enumerate(done.model_extra["search_results"], 1):
            self.assertEqual(result["url"], citations[number - 1])
            self.assertIn(f"[{number}]", text)
            self.assertEqual(set(result), {"title", "url", "date", "last_updated", "snippet", "source"})
        self.assertIn(ANSWER, done.model_extra["search_results"][0]["snippet"])
        chunks = list(self.client.chat.completions.create(model="renvoi", messages=[{"role": "user", "content": QUESTION}], stream=True))
        self.assertEqual(chunks[-1].model_extra["citations"], citations)

    def test_domains_and_times_narrow_what_is_cited(self):
        cited = lambda **fields: self.chat(**fields).model_extra["citations"]
        self.assertTrue(cited(search_domain_filter=["127.0.0.1"]))
        self.assertFalse(cited(search_domain_filter=["example.org"]))
        self.assertFalse(cited(search_domain_filter=["-127.0.0.1"]))
        self.assertTrue(cited(search_domain_filter=["-example.org"], search_recency_filter="year", web_search_options={}, return_images=False))
        self.assertFalse(cited(search_before_date_filter="1/2/1990"))
        for fields in ({"search_domain_filter": ["a b"]}, {"search_domain_filter": ["example.org/path"]}, {"search_recency_filter": "decade"},
                       {"search_after_date_filter": "2026-01-01"}, {"search_domain_filter": ["x.org"] * 21}):
            with self.subTest(fields), self.assertRaises(openai.BadRequestError) as caught:
                self.chat(**fields)
            self.assertEqual(caught.exception.param, next(iter(fields)))

    # Rerank has no package of its own that is small: the shape is Jina's and Cohere's.

    def test_documents_are_ranked_by_meaning(self):
        documents = ["Telephones are switched off in the north room.", {"text": "Un livre peut être gardé trois semaines."}, "A lost card is replaced for three euros."]
        status, value = self.post("/v1/rerank", {"model": "renvoi", "query": QUESTION, "documents": documents, "top_n": 2, "return_documents": True})
        self.assertEqual(status, 200, value)
        self.assertEqual((value["results"][0]["index"], value["results"][0]["document"]["text"]), (1, documents[1]["text"]))
        self.assertEqual(len(value["results"]), 2)
        scores = [each["relevance_score"] for each in value["results"]]
        self.assertTrue(1 >= scores[0] > scores[1] > 0, scores)
        for body, param in (({"query": "x"}, "documents"), ({"query": "", "documents": ["a"]}, "query"), ({"query": "x", "documents": [3]}, "documents[0]"),
                            ({"query": "x", "documents": []}, "documents"), ({"query": "x", "documents": ["a"], "top_n": 0}, "top_n")):
            status, value = self.post("/v1/rerank", {"model": "renvoi", **body})
            self.assertEqual((status, value["error"]["param"]), (400, param), value)


if __name__ == "__main__":
    unittest.main(verbosity=2)
