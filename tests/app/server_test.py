"""The server from outside: what docs/http-api.md promises, and what it must not do."""

import base64
import http.client
import json
import pathlib
import socket
import struct
import threading
import time
import unittest
import urllib.parse

from harness import Home, Site, page

QUESTION = "How much does a crossing with the ferry cost?"


def chat(question=QUESTION, **fields):
    return {"model": "renvoi", "messages": [{"role": "user", "content": question}], **fields}


class Serving(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.home.write_notes()
        cls.home.json("add", cls.home.notes)
        cls.server = cls.home.serve(config="[answer]\nmode = 'extractive'\n[server]\nmax_body_bytes = 200000\nnames = ['library.test']\n")

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    # Questions

    def test_health_is_open_and_says_little(self):
        self.assertEqual(self.server.json("GET", "/healthz"), (200, {"status": "ok"}))

    def test_search_by_get_and_by_post_say_the_same(self):
        status, got = self.server.json("GET", "/api/search?q=pendulum%20clocks&limit=2")
        self.assertEqual(status, 200)
        self.assertTrue(got["hits"][0]["address"].endswith("museum.html"))
        _, posted = self.server.json("POST", "/api/search", {"query": "pendulum clocks", "limit": 2})
        self.assertEqual([hit["address"] for hit in got["hits"]], [hit["address"] for hit in posted["hits"]])

    def test_filters_by_get_by_post_and_in_a_chat(self):
        def names(value):
            return {hit["address"].rsplit("/", 1)[1] for hit in value["hits"]}
        _, html = self.server.json("GET", "/api/search?q=museum%20ferry&type=html&state=LIVE,MOVED&since=1990")
        self.assertEqual(names(html), {"museum.html"})
        self.assertEqual([(hit["type"], hit["state"]) for hit in html["hits"]], [("html", "LIVE")])
        self.assertTrue(html["hits"][0]["date"] and html["hits"][0]["checked_at"])
        _, posted = self.server.json("POST", "/api/search", {"query": "museum ferry", "type": ["html"], "state": "LIVE", "since": "1990"})
        self.assertEqual(names(posted), names(html))
        _, both = self.server.json("GET", "/api/search?q=museum%20ferry&type=html,markdown&source=1&limit=9")
        self.assertGreater(names(both), names(html))
        for none in ("type=pdf", "until=1990-01", "language=xx", "source=77", "state=HOST_DOWN"):
            self.assertEqual(self.server.json("GET", "/api/search?q=museum&" + none)[1]["hits"], [], none)
        for field, value in (("type", "galaxy"), ("state", "GONE"), ("state", "live"), ("since", "yesterday"), ("since", 2026),
                             ("source", "one"), ("source", [1, "x"]), ("language", [""]), ("type", {}), ("until", "2026-02-30")):
            with self.subTest(field=field, value=value):
                status, error = self.server.json("POST", "/api/search", {"query": "museum", field: value})
                self.assertEqual((status, error["error"]["param"]), (400, field), error)
        self.assertEqual(self.server.json("POST", "/api/search", {"query": "museum", "since": "2026", "until": "2025"})[0], 400)
        _, answer = self.server.json("POST", "/api/ask", {"question": QUESTION, "type": "html"})
        self.assertFalse([each for each in answer["citations"] if each["address"].endswith(".md")], answer)
        status, value = self.server.json("POST", "/v1/chat/completions", chat(renvoi={"type": "html"}))
        self.assertEqual(status, 200)
        self.assertFalse([each for each in value["renvoi"]["citations"] if each["address"].endswith(".md")], value)
        status, error = self.server.json("POST", "/v1/chat/completions", chat(renvoi={"kind": "html"}))
        self.assertEqual((status, error["error"]["param"]), (400, "renvoi.kind"))

    def test_ask_gives_checked_citations(self):
        status, answer = self.server.json("POST", "/api/ask", {"question": QUESTION})
        self.assertEqual(status, 200)
        self.assertIn("eleven crowns", answer["text"])
        for citation in answer["citations"]:
            self.assertEqual(set(citation), {"number", "reference", "address", "link", "title", "section", "page", "quote", "range", "state", "checked_at", "verified", "date", "before", "after"})

    def test_chat_completion_has_the_shape_of_openai(self):
        status, value = self.server.json("POST", "/v1/chat/completions", chat(temperature=0.2, max_tokens=100))
        self.assertEqual(status, 200)
        self.assertEqual(value["object"], "chat.completion")
        message = value["choices"][0]["message"]
        self.assertEqual((message["role"], value["choices"][0]["finish_reason"]), ("assistant", "stop"))
        self.assertIn("eleven crowns", message["content"])
        self.assertTrue(message["annotations"])
        for annotation in message["annotations"]:
            citation = annotation["url_citation"]
            self.assertEqual(message["content"][citation["start_index"]:citation["end_index"]], f"[{citation['number']}]")

    def test_annotations_count_characters_not_bytes(self):
        _, value = self.server.json("POST", "/v1/chat/completions", chat("Quand le phare de Kermaz se visite-t-il ?"))
        message = value["choices"][0]["message"]
        self.assertTrue(any(ord(character) > 127 for character in message["content"]), message)
        for annotation in message["annotations"]:
            citation = annotation["url_citation"]
            self.assertEqual(message["content"][citation["start_index"]:citation["end_index"]], f"[{citation['number']}]")

    def test_the_last_question_of_a_conversation_is_answered(self):
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "When is the clock museum closed?"},
                    {"role": "assistant", "content": "On Tuesdays."}, {"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
        status, value = self.server.json("POST", "/v1/chat/completions", {"model": "renvoi", "messages": messages})
        self.assertEqual(status, 200)
        self.assertIn("eleven crowns", value["choices"][0]["message"]["content"])

    def test_a_stream_is_framed_as_server_sent_events_and_adds_up_to_the_answer(self):
        status, headers, data = self.server.request("POST", "/v1/chat/completions", chat(stream=True, stream_options={"include_usage": True}))
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/event-stream"))
        events = data.decode().split("\n\n")
        self.assertEqual(events.pop(), "")
        self.assertTrue(all(event.startswith("data: ") and "\n" not in event for event in events), events)
        self.assertEqual(events.pop(), "data: [DONE]")
        chunks = [json.loads(event[6:]) for event in events]
        self.assertEqual(len({chunk["id"] for chunk in chunks}), 1)
        self.assertEqual(chunks[0]["choices"][0]["delta"]["role"], "assistant")
        text = "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])
        _, whole = self.server.json("POST", "/v1/chat/completions", chat())
        self.assertEqual(text.strip(), whole["choices"][0]["message"]["content"].strip())
        last = [chunk for chunk in chunks if chunk["choices"] and chunk["choices"][0]["finish_reason"]]
        self.assertEqual([chunk["choices"][0]["finish_reason"] for chunk in last], ["stop"])
        for annotation in last[0]["choices"][0]["delta"]["annotations"]:
            citation = annotation["url_citation"]
            self.assertEqual(text[citation["start_index"]:citation["end_index"]], f"[{citation['number']}]")
        self.assertEqual(chunks[-1]["choices"], [])
        self.assertIn("total_tokens", chunks[-1]["usage"])

    def test_embeddings_are_the_same_as_numbers_and_as_base64(self):
        texts = ["The ferry leaves at seven.", "Le phare se visite en mai."]
        _, plain = self.server.json("POST", "/v1/embeddings", {"model": "renvoi", "input": texts})
        _, packed = self.server.json("POST", "/v1/embeddings", {"model": "renvoi", "input": texts, "encoding_format": "base64"})
        self.assertEqual([row["index"] for row in plain["data"]], [0, 1])
        for one, other in zip(plain["data"], packed["data"]):
            raw = base64.b64decode(other["embedding"], validate=True)
            numbers = struct.unpack(f"<{len(raw) // 4}f", raw)
            self.assertEqual(len(numbers), 384)
            self.assertAlmostEqual(sum(number * number for number in numbers), 1, places=3)
            for a, b in zip(one["embedding"], numbers):
                self.assertAlmostEqual(a, b, places=5)
        _, alone = self.server.json("POST", "/v1/embeddings", {"model": "renvoi", "input": texts[0]})
        for a, b in zip(alone["data"][0]["embedding"], plain["data"][0]["embedding"]):
            self.assertAlmostEqual(a, b, places=2)

    def test_models_are_listed(self):
        _, value = self.server.json("GET", "/v1/models")
        self.assertIn("renvoi", [model["id"] for model in value["data"]])
        self.assertEqual(self.server.json("GET", "/v1/models/renvoi")[1]["object"], "model")
        self.assertEqual(self.server.json("GET", "/v1/models/gpt-nothing")[0], 404)

    # Sources

    def test_a_source_is_added_read_in_the_background_and_removed(self):
        site = Site({"/": page("Beekeeping", "The apiary on the roof of the town hall holds nine hives and gives heather honey.")})
        self.addCleanup(site.close)
        status, added = self.server.json("POST", "/api/sources", {"address": site.address + "/", "allow_private_addresses": True, "min_delay_ms": 0})
        self.assertEqual(status, 202, added)
        source = added["id"]
        done = self.server.wait_for_job(source)
        self.assertEqual(done["job"]["state"], "done", done)
        self.assertEqual(done["pages"], 1)
        _, found = self.server.json("GET", "/api/search?q=heather%20honey")
        self.assertEqual(found["hits"][0]["address"], site.address + "/")
        self.assertIn(source, [each["id"] for each in self.server.json("GET", "/api/sources")[1]["sources"]])
        self.assertEqual(self.server.json("POST", f"/api/sources/{source}/sync", {"force": True})[0], 202)
        self.server.wait_for_job(source)
        self.assertEqual(self.server.json("DELETE", f"/api/sources/{source}"), (200, {"removed": source}))
        self.assertEqual(self.server.json("GET", f"/api/sources/{source}")[0], 404)
        _, found = self.server.json("GET", "/api/search?q=heather%20honey")
        self.assertNotIn(site.address + "/", [hit["address"] for hit in found["hits"]])

    def test_a_source_that_cannot_be_read_says_why(self):
        status, added = self.server.json("POST", "/api/sources", {"address": "http://127.0.0.1:9/"})
        self.assertEqual(status, 202, added)
        done = self.server.wait_for_job(added["id"])
        told = json.dumps(done["job"])
        self.assertIn("127.0.0.1", told)
        self.server.json("DELETE", f"/api/sources/{added['id']}")

    # Figures

    def test_a_reference_tells_why_by_number_and_by_address(self):
        _, got = self.server.json("GET", "/api/search?q=pendulum%20clocks&limit=1")
        hit = got["hits"][0]
        status, told = self.server.json("GET", f"/api/references/{hit['reference']}")
        self.assertEqual(status, 200)
        self.assertEqual((told["address"], told["state"], told["in_answers"]), (hit["address"], "LIVE", True))
        self.assertTrue(told["why"]["state"].startswith("LIVE"))
        quoted = urllib.parse.quote(hit["address"], safe="")
        self.assertEqual(self.server.json("GET", f"/api/references?address={quoted}")[1]["id"], told["id"])
        self.assertEqual(self.server.json("GET", "/api/references/999999")[0], 404)
        self.assertIn(told["id"], [each["id"] for each in self.server.json("GET", "/api/references")[1]["references"]])

    def test_stats_and_metrics_agree(self):
        _, stats = self.server.json("GET", "/api/stats")
        status, headers, data = self.server.request("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/plain; version=0.0.4"))
        samples = dict(line.rsplit(" ", 1) for line in data.decode().splitlines() if not line.startswith("#"))
        self.assertEqual(float(samples["renvoi_passages"]), stats["passages"])
        self.assertGreater(float(samples["process_resident_memory_bytes"]), 1e6)
        self.assertIn('renvoi_references{state="LIVE"}', samples)
        self.server.request("GET", "/healthz")
        _, _, data = self.server.request("GET", "/metrics")
        self.assertIn('renvoi_http_requests_total{route="/healthz",method="GET",status="200"}', data.decode())

    # llama.cpp's own: the model's file, and some 130 MB for the vocabulary of 250,000 pieces. Without care it also keeps room for
    # the logits of a whole batch (half a gigabyte for each encoder), which no embedding needs.
    def test_the_server_keeps_little_in_memory_beyond_the_models(self):
        self.server.json("POST", "/api/ask", {"question": "How much does a crossing with the ferry cost?", "mode": "extractive"})
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        resident = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))) * 1024
        models = sum(file.stat().st_size for file in (self.home.data / "models" / "multilingual-e5-small-q4_0").glob("*.gguf"))
        print(f"\nserve: {resident / 1e6:.0f} MB resident, of which the embedding model's file is {models / 1e6:.0f} MB")
        self.assertLess(resident, models + (150 + 130 + 150) * 1e6)

    # What must be refused

    def test_bad_json_names_the_place(self):
        for raw, words in ((b"{", "byte"), (b"[]", "object"), (b'{"question": 1}', "question"), (b'{"question": "x", "mood": 1}', "mood"), (b"{}", "question"),
                           (b"[" * 5_000 + b"]" * 5_000, "deep"), (b'{"question": "x", "max_citations": -1}', "max_citations")):
            with self.subTest(raw[:40]):
                status, value = self.server.json("POST", "/api/ask", raw=raw)
                self.assertEqual(status, 400, value)
                self.assertIn(words, value["error"]["message"])
                self.assertEqual(set(value["error"]), {"message", "type", "param", "code"})

    def test_a_wrong_field_deep_inside_is_named_by_its_path(self):
        for body, path in ((chat(messages=[{"role": "user", "content": 3}]), "messages[0].content"), (chat(messages=[{"role": "wizard", "content": "x"}]), "messages[0].role"),
                           (chat(messages=[]), "messages"), (chat(n=2), "n"), (chat(stream="yes"), "stream"), (chat(renvoi={"frobnicate": 1}), "renvoi.frobnicate")):
            with self.subTest(path):
                status, value = self.server.json("POST", "/v1/chat/completions", body)
                self.assertEqual((status, value["error"]["param"]), (400, path), value)
        # Clients of a protocol that is not ours send more than one server knows: that has no effect.
        status, value = self.server.json("POST", "/v1/chat/completions", chat(frobnicate=1, messages=[{"role": "user", "content": QUESTION, "colour": "red"}]))
        self.assertEqual((status, "eleven crowns" in value["choices"][0]["message"]["content"]), (200, True), value)
        status, value = self.server.json("POST", "/api/ask", {"question": QUESTION, "frobnicate": 1})
        self.assertEqual((status, value["error"]["code"]), (400, "unknown_field"), value)
        status, value = self.server.json("POST", "/v1/embeddings", {"model": "renvoi", "input": ["a", 2]})
        self.assertEqual((status, value["error"]["param"]), (400, "input[1]"))

    def test_empty_and_overlong_questions(self):
        self.assertEqual(self.server.json("POST", "/api/ask", {"question": " "})[0], 400)
        self.assertEqual(self.server.json("POST", "/api/search", {"query": "long " * 3_000})[0], 400)
        self.assertEqual(self.server.json("GET", "/api/search")[0], 400)

    def test_unknown_models_paths_and_methods(self):
        self.assertEqual(self.server.json("POST", "/v1/chat/completions", chat(model="gpt-nothing"))[1]["error"]["code"], "model_not_found")
        self.assertEqual(self.server.json("GET", "/api/nothing")[0], 404)
        status, headers, _ = self.server.request("GET", "/api/ask")
        self.assertEqual((status, headers["allow"]), (405, "POST"))
        self.assertEqual(self.server.json("GET", "/api/sources/abc")[0], 400)
        self.assertEqual(self.server.json("GET", "/api/sources/4000000")[0], 404)

    def test_limits_on_body_and_headers(self):
        self.assertEqual(self.server.request("POST", "/api/ask", raw=b"x" * 300_000)[0], 413)
        try:
            status = self.server.request("GET", "/healthz", headers={"X-Long": "x" * 100_000})[0]
        except (ConnectionError, http.client.HTTPException):
            status = 431  # closed while the header was still being sent
        self.assertIn(status, {400, 431})
        self.assertEqual(self.server.json("GET", "/healthz")[0], 200)

    def test_a_name_that_is_not_ours_is_refused(self):
        for host, expected in (("evil.example", 403), ("evil.example:8080", 403), ("localhost", 200), ("library.test", 200), ("[::1]:9", 200), ("127.0.0.1", 200)):
            with self.subTest(host):
                self.assertEqual(self.server.request("GET", "/healthz", headers={"Host": host})[0], expected)

    def test_pages_of_other_sites_cannot_change_anything(self):
        own = f"http://127.0.0.1:{self.server.port}"
        body = {"question": QUESTION}
        self.assertEqual(self.server.json("POST", "/api/ask", body, {"Origin": "https://evil.example"})[1]["error"]["code"], "wrong_origin")
        self.assertEqual(self.server.json("POST", "/api/ask", body, {"Sec-Fetch-Site": "cross-site"})[0], 403)
        self.assertEqual(self.server.json("POST", "/api/ask", body, {"Origin": own})[0], 200)
        self.assertEqual(self.server.json("POST", "/api/ask", body, {"Content-Type": "text/plain"})[0], 415)
        status, headers, _ = self.server.request("OPTIONS", "/api/ask", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
        self.assertNotEqual(status, 200)
        self.assertFalse([name for name in headers if name.startswith("access-control-")])

    def test_every_answer_has_the_security_headers(self):
        for path in ("/", "/healthz", "/api/stats", "/nothing", "/assets/app.js"):
            with self.subTest(path):
                _, headers, _ = self.server.request("GET", path)
                self.assertIn("default-src 'none'", headers["content-security-policy"])
                self.assertNotIn("unsafe", headers["content-security-policy"])
                self.assertEqual(headers["x-content-type-options"], "nosniff")

    def test_the_page_and_its_parts_are_served(self):
        status, headers, data = self.server.request("GET", "/")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/html"))
        self.assertIn(b"/assets/app.js", data)
        self.assertEqual(self.server.request("GET", "/assets/app.js")[0], 200)
        self.assertIn(self.server.request("GET", "/assets/../keys.json")[0], (400, 404))

    def test_requests_at_the_same_time_are_all_answered(self):
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.server.json("GET", "/api/search?q=ferry")[0])) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [200] * 16)


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.home.write_notes()
        cls.home.json("add", cls.home.notes)
        cls.keys = {role: cls.home.json("key", "new", role, "--role", role)["key"] for role in ("read", "write", "admin")}
        cls.server = cls.home.serve(config="[server]\nrequire_key = true\n")

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def as_role(self, role):
        return {"Authorization": "Bearer " + self.keys[role]}

    def test_without_a_key_only_health_and_the_page_are_open(self):
        self.assertEqual(self.server.request("GET", "/healthz")[0], 200)
        self.assertNotEqual(self.server.request("GET", "/")[0], 401)
        for method, path in (("GET", "/api/stats"), ("GET", "/api/sources"), ("GET", "/v1/models"), ("GET", "/metrics"), ("DELETE", "/api/sources/1")):
            with self.subTest(path):
                status, headers, data = self.server.request(method, path)
                self.assertEqual((status, headers["www-authenticate"]), (401, "Bearer"))
                self.assertEqual(json.loads(data)["error"]["type"], "authentication_error")

    def test_a_wrong_key_is_refused(self):
        right = self.keys["admin"]
        for wrong in ("", "x", right[:-1], right + "0", right[:-1] + ("0" if right[-1] != "0" else "1"), right.upper()):
            with self.subTest(wrong[:6]):
                self.assertEqual(self.server.request("GET", "/api/stats", headers={"Authorization": "Bearer " + wrong})[0], 401)

    def test_each_role_may_do_what_it_says_and_no_more(self):
        for role in self.keys:
            self.assertEqual(self.server.request("GET", "/api/stats", headers=self.as_role(role))[0], 200)
        add = {"address": "http://127.0.0.1:9/"}
        self.assertEqual(self.server.json("POST", "/api/sources", add, self.as_role("read"))[1]["error"]["code"], "role")
        status, value = self.server.json("POST", "/api/sources", add, self.as_role("write"))
        self.assertEqual(status, 202, value)
        for body in ({"address": "/etc"}, {"address": "file:///etc/hostname"}, {"address": "/this/does/not/exist"},
                     {**add, "allow_private_addresses": True}, {**add, "obey_robots": False}):
            with self.subTest(body):
                self.assertEqual(self.server.request("POST", "/api/sources", body, self.as_role("write"))[0], 403)
        status, value = self.server.json("POST", "/api/sources", {"address": str(self.home.notes)}, self.as_role("admin"))
        self.assertEqual(status, 202, value)

    def test_a_revoked_key_is_refused_at_once(self):
        created = self.home.json("key", "new", "short-lived")
        header = {"Authorization": "Bearer " + created["key"]}
        self.assertEqual(self.server.request("GET", "/api/stats", headers=header)[0], 200)
        self.home.json("key", "revoke", created["id"])
        self.assertEqual(self.server.request("GET", "/api/stats", headers=header)[0], 401)


class Life(unittest.TestCase):
    def test_sigterm_lets_running_requests_finish_and_ends_with_0(self):
        home = Home()
        self.addCleanup(home.close)
        home.write_notes()
        home.json("add", home.notes)
        server = home.serve()
        self.assertEqual(server.request("POST", "/api/ask", {"question": QUESTION, "mode": "extractive"})[0], 200)
        started = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - started, 20)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=2)

    def test_an_empty_collection_can_be_served(self):
        home = Home()
        self.addCleanup(home.close)
        server = home.serve()
        self.assertEqual(server.json("GET", "/api/search?q=anything")[1]["hits"], [])
        status, answer = server.json("POST", "/api/ask", {"question": QUESTION})
        self.assertEqual(status, 200, answer)
        self.assertTrue(answer["abstained"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
