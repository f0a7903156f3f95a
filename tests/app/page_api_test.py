"""What the web page asks of the server, with the real program: streamed answers, plain HTML, previews, pauses, keys, settings, feedback."""

import html
import json
import re
import threading
import time
import unittest
import urllib.parse

from harness import OK, Home, Site, page

ROOT_CONFIG = "[answer]\nmode = \"extractive\"\n"
BOOK = page("Loans <img src=x onerror=alert(1)>".replace("<", "&lt;"),
            "The mill library was founded by weavers. A book may be kept for twenty-one days. Late returns cost fifteen cents a day.", ["/two", "/three"])


def events_of(data):
    """[(name, value)] of server-sent events."""
    found = []
    for block in data.decode().split("\n\n"):
        if block:
            name, value = re.fullmatch(r"event: (\w+)\ndata: (.*)", block).groups()
            found.append((name, json.loads(value)))
    return found


class WithSite(unittest.TestCase):
    config = ROOT_CONFIG

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)
        self.site = Site({"/": BOOK, "/two": page("Two", "The second page tells of ferries that leave at seven o'clock every morning."),
                          "/three": page("Three", "The third page tells of a bakery that opens at six o'clock every morning.")})
        self.addCleanup(self.site.close)

    def served(self, config=None):
        self.home.json("add", self.site.address + "/", "--allow-private", "--delay-ms", "0")
        return self.home.serve(config=self.config if config is None else config)


class Answers(WithSite):
    def test_a_stream_tells_the_steps_what_was_read_and_every_citation_before_its_mark(self):
        server = self.served()
        status, headers, data = server.request("POST", "/api/ask", {"question": "How long may a book be kept?", "stream": True})
        self.assertEqual((status, headers["content-type"]), (200, "text/event-stream; charset=utf-8"))
        events = events_of(data)
        names = [name for name, _ in events]
        self.assertEqual([value["step"] for name, value in events if name == "step"], ["search", "read", "write"])
        times = [value["at_ms"] for name, value in events if name == "step"]
        self.assertEqual(times, sorted(times))
        self.assertLess(names.index("evidence"), names.index("citation"))
        answer = events[-1][1]
        self.assertEqual(names[-1], "answer")
        self.assertEqual("".join(value["text"] for name, value in events if name == "text"), answer["text"])
        cited, seen = [], ""
        for name, value in events:
            if name == "citation":
                self.assertNotIn(f"[{value['number']}]", seen)
                cited.append(value)
            seen += value["text"] if name == "text" else ""
        self.assertEqual(cited, answer["citations"])
        self.assertEqual({each["address"] for each in events[names.index("evidence")][1]["documents"]} & {cited[0]["address"]}, {self.site.address + "/"})
        self.assertIn("founded by weavers.", cited[0]["before"] + cited[0]["quote"])
        self.assertIn("fifteen cents a day.", cited[0]["quote"] + cited[0]["after"])
        whole = server.json("POST", "/api/ask", {"question": "How long may a book be kept?"})[1]
        self.assertEqual(whole["text"], answer["text"])

    def test_what_is_wrong_with_the_question_is_an_answer_of_its_own_not_a_stream(self):
        server = self.served()
        for wrong in ({"question": ""}, {"question": "x", "scope": "web"}, {"question": "x", "nothing": 1}):
            status, headers, data = server.request("POST", "/api/ask", {**wrong, "stream": True})
            self.assertEqual((status, headers["content-type"].split(";")[0]), (400, "application/json"), data)

    def test_html_without_script_escapes_whatever_it_shows(self):
        server = self.served()
        hostile = "<script>alert(1)</script>\"'> How long may a book be kept?"
        status, headers, data = server.request("GET", "/ask?q=" + urllib.parse.quote(hostile))
        text = data.decode()
        self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("form-action 'self'", headers["content-security-policy"])
        self.assertNotRegex(text, r"<script|<img|onerror=\"|javascript:")
        self.assertIn(f'value="{html.escape(hostile, quote=False).replace(chr(34), "&quot;")}"', text)
        self.assertIn("&lt;img src=x onerror=alert(1)&gt;", text)
        self.assertRegex(text, r'<p>.*twenty-one days.*<a class="mark" href="#source-1">1</a></p>')
        self.assertRegex(text, rf'<a href="{re.escape(self.site.address)}/#:~:text=[^"]+" rel="noopener noreferrer">')
        self.assertIn('<html lang="fr">', server.request("GET", "/ask?q=livre", headers={"Accept-Language": "fr-CA,en;q=0.5"})[2].decode())
        self.assertIn('<html lang="en">', server.request("GET", "/ask", headers={"Accept-Language": "de, en, fr"})[2].decode())
        self.assertEqual(server.request("GET", "/ask?q=" + "x" * 8_001)[0], 400)
        # A browser that runs no script is sent there from the page, with the question and nothing else.
        page = server.request("GET", "/?q=" + urllib.parse.quote('"><b>&q=2;é'))[2].decode()
        self.assertIn('<noscript><meta http-equiv="refresh" content="0; url=/ask?q=%22%3E%3Cb%3E%26q=2%3B%C3%A9"></noscript>', page)
        self.assertNotIn("refresh", server.request("GET", "/")[2].decode())

    def test_html_says_that_a_key_is_needed(self):
        self.home.json("key", "new", "reader")
        server = self.served("[server]\nrequire_key = true\n")
        status, headers, data = server.request("GET", "/ask?q=book")
        self.assertEqual((status, headers["content-type"]), (401, "text/html; charset=utf-8"))
        self.assertNotIn("twenty-one", data.decode())


class Collection(WithSite):
    def test_a_preview_reads_and_keeps_nothing(self):
        self.home.write_notes()
        self.home.json("add", self.home.notes)
        server = self.home.serve(config=self.config)
        before = server.json("GET", "/api/stats")[1]
        status, found = server.json("POST", "/api/sources/preview", {"address": self.site.address + "/", "allow_private_addresses": True, "min_delay_ms": 0})
        self.assertEqual(status, 200, found)
        self.assertEqual(sorted(each["address"] for each in found["pages"]), [self.site.address + path for path in ("/", "/three", "/two")])
        self.assertEqual((found["complete"], found["waiting_count"], found["kind"]), (True, 0, "site"))
        after = server.json("GET", "/api/stats")[1]
        for name in ("sources", "pages", "frontier", "references_by_state"):
            self.assertEqual(after[name], before[name], name)
        self.assertEqual([each.name for each in self.home.data.iterdir() if each.name.startswith("preview")], [])
        status, found = server.json("POST", "/api/sources/preview", {"address": str(self.home.folder / "nowhere")})
        self.assertEqual(status, 404, found)

    def test_a_preview_ends_after_twenty_pages_and_tells_what_waits(self):
        many = {f"/{number}": page(f"Page {number}", f"This is page {number} of a large site, and it says so in a sentence of its own.") for number in range(60)}
        self.site.pages = {"/": page("All", "The pages of a large site are listed here, one after the other.", sorted(many)), **many}
        server = self.home.serve(config=self.config)
        status, found = server.json("POST", "/api/sources/preview", {"address": self.site.address + "/", "allow_private_addresses": True, "min_delay_ms": 0})
        self.assertEqual(status, 200, found)
        self.assertEqual((len(found["pages"]), found["complete"]), (20, False))
        self.assertEqual(found["waiting_count"], len(found["waiting"]))
        self.assertEqual(found["waiting_count"] + 20, 61)

    def test_a_source_is_paused_and_gone_on_with(self):
        # The second page is answered when the test says so.
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        self.site.before = lambda path, _: path in ("/two", "/three") and go_on.wait(60)
        server = self.home.serve(config=self.config)
        status, added = server.json("POST", "/api/sources", {"address": self.site.address + "/", "allow_private_addresses": True, "min_delay_ms": 0})
        self.assertEqual(status, 202, added)
        number = added["id"]
        deadline = time.monotonic() + 60
        while not {"/two", "/three"} & set(self.site.seen):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        running = server.json("GET", f"/api/sources/{number}")[1]["job"]
        self.assertEqual(running["state"], "running")
        self.assertGreater(running["seconds"], 0)
        self.assertEqual(server.json("POST", f"/api/sources/{number}/stop", {})[0], 202)
        go_on.set()
        stopped = server.wait_for_job(number)
        self.assertEqual(stopped["job"]["state"], "stopped")
        status, value = server.json("POST", f"/api/sources/{number}/stop", {})
        self.assertEqual((status, value["error"]["code"]), (409, "conflict"))
        self.assertEqual(server.json("POST", f"/api/sources/{number}/sync", {})[0], 202)
        done = server.wait_for_job(number)
        self.assertEqual((done["job"]["state"], done["pages"]), ("done", 3))

    def test_a_reference_is_looked_at_again_and_forgotten(self):
        server = self.served()
        two = server.json("GET", "/api/references?address=" + self.site.address + "/two")[1]
        del self.site.pages["/two"]
        status, looked = server.json("POST", f"/api/references/{two['id']}/check", {})
        self.assertEqual((status, looked["state"], looked["in_answers"], looked["reason"]), (200, "SUSPECT", False, "HTTP 404"))
        self.site.pages["/two"] = page("Two", "It is back, and tells of ferries that leave at seven o'clock every morning.")
        self.assertEqual(server.json("POST", f"/api/references/{two['id']}/check", {})[1]["state"], "LIVE")
        self.assertEqual(server.json("DELETE", f"/api/references/{two['id']}"), (200, {"removed": two["id"]}))
        self.assertEqual(server.json("GET", f"/api/references/{two['id']}")[0], 404)
        self.assertEqual(server.json("GET", "/api/stats")[1]["pages"], 2)
        status, headers, _ = server.request("DELETE", "/api/references/counts")  # "counts" is no number
        self.assertEqual((status, headers["allow"]), (405, "GET"))


class Operations(WithSite):
    def test_figures_models_and_settings(self):
        server = self.served("[answer]\nmax_citations = 3\n[server]\nnames = [\"a\\\"b\"]\n")
        server.json("POST", "/api/ask", {"question": "How long may a book be kept?"})
        server.json("POST", "/api/ask", {"question": ""})
        deadline = time.monotonic() + 60
        while True:  # a request is counted when its handler is done, shortly after its answer was sent
            value = server.json("GET", "/api/operations")[1]
            asks = next((each for each in value["routes"] if each["route"] == "/api/ask"), {"requests": 0})
            if asks["requests"] == 2:
                break
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual((asks["method"], asks["requests"], asks["client_errors"], asks["server_errors"]), ("POST", 2, 1, 0))
        self.assertTrue(0 < asks["p50_ms"] <= asks["p95_ms"] <= asks["p99_ms"])
        self.assertGreaterEqual(value["requests_running"], 1)
        self.assertGreater(value["disk"]["total_bytes"], value["disk"]["free_bytes"])
        models = server.json("GET", "/api/models")[1]
        self.assertEqual([each["answers"] for each in models["models"] if each["name"] == models["index"]["model"]], [True])
        self.assertFalse(any("file" in each for each in models["models"]))
        settings = {each["name"]: each for each in server.json("GET", "/api/settings")[1]["settings"]}
        self.assertEqual(settings["answer.max_citations"], {"name": "answer.max_citations", "value": "3", "default": "4", "is_default": False})
        self.assertEqual(settings["server.names"]["value"], '["a\\"b"]')
        self.assertEqual(settings["server.keep_feedback"]["value"], "false")

    def test_keys_are_an_admins_affair_even_where_none_is_needed(self):
        made = {role: self.home.json("key", "new", role, "--role", role) for role in ("read", "write", "admin")}
        server = self.served()
        bearer = {role: {"Authorization": f"Bearer {each['key']}"} for role, each in made.items()}
        for method, path, body in (("GET", "/api/keys", None), ("POST", "/api/keys", {"name": "x"}), ("DELETE", f"/api/keys/{made['read']['id']}", None)):
            self.assertEqual(server.json(method, path, body)[0], 401)
            self.assertEqual(server.json(method, path, body, {"Authorization": "Bearer rnv_" + "0" * 64})[0], 401)
            for role in ("read", "write"):
                self.assertEqual(server.json(method, path, body, bearer[role])[0], 403)
        status, value = server.json("POST", "/api/keys", {"name": "new", "role": "write"}, bearer["admin"])
        self.assertEqual((status, value["role"]), (201, "write"))
        status, listed = server.json("GET", "/api/keys", headers=bearer["admin"])
        self.assertEqual([each["name"] for each in listed["keys"]], ["read", "write", "admin", "new"])
        for secret in [value["key"], *(each["key"] for each in made.values()), "sha256"]:
            self.assertNotIn(secret, json.dumps(listed))
        self.assertEqual(server.json("DELETE", f"/api/keys/{value['id']}", headers=bearer["admin"]), (200, {"revoked": value["id"]}))
        self.assertEqual(server.json("DELETE", "/api/keys/read", headers=bearer["admin"])[0], 404)  # a name is no id
        self.assertEqual(len(self.home.json("key", "list")["keys"]), 3)

    def test_settings_and_previews_of_folders_need_an_admin_where_keys_are_needed(self):
        bearer = {role: {"Authorization": f"Bearer {self.home.json('key', 'new', role, '--role', role)['key']}"} for role in ("write", "admin")}
        server = self.served("[server]\nrequire_key = true\n")
        folder = {"address": str(self.home.folder)}
        private = {"address": self.site.address + "/", "allow_private_addresses": True}
        for method, path, body in (("GET", "/api/settings", None), ("POST", "/api/sources/preview", folder), ("POST", "/api/sources/preview", private)):
            self.assertEqual(server.json(method, path, body, bearer["write"])[0], 403, path)
            self.assertEqual(server.json(method, path, body, bearer["admin"])[0], 200, path)


class FeedbackIsKept(WithSite):
    def test_only_where_the_operator_wants_it_and_as_questions_that_eval_reads(self):
        given = {"question": "How long may a book be kept?", "good": True, "text": "21 days [1]", "addresses": [self.site.address + "/"]}
        server = self.served()
        status, value = server.json("POST", "/api/feedback", given)
        self.assertEqual((status, value["error"]["code"]), (403, "feedback_off"))
        self.assertFalse((self.home.data / "feedback").exists())
        self.assertFalse(server.json("GET", "/api/stats")[1]["ask"]["feedback"])
        server.stop()

        server = self.home.serve(config=self.config + "[server]\nkeep_feedback = true\n")
        self.assertTrue(server.json("GET", "/api/stats")[1]["ask"]["feedback"])
        for wrong in ({}, {"question": "x"}, {"question": " ", "good": True}, {"question": "x" * 2_001, "good": True}, {**given, "addresses": ["a"] * 21}):
            self.assertEqual(server.json("POST", "/api/feedback", wrong)[0], 400, wrong)
        ids = [server.json("POST", "/api/feedback", each)[1]["id"]
               for each in (given, {**given, "question": "Line\nbreak\tand \"quotes\"", "good": False}, {**given, "addresses": ["x\ty\n"]})]
        self.assertEqual(len(set(ids)), 3)
        folder = self.home.data / "feedback"
        lines = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
        self.assertEqual([(line["_id"], line["metadata"]["good"]) for line in lines], list(zip(ids, (True, False, True))))
        self.assertEqual(lines[1]["text"], "Line\nbreak\tand \"quotes\"")
        self.assertEqual((folder / "qrels.tsv").read_text(), f"query-id\tcorpus-id\tscore\n{ids[0]}\t{self.site.address}/\t1\n")
        server.stop()

        # As docs/operations.md says.
        questions = self.home.folder / "questions"
        self.assertEqual(self.home.run("eval", "init", questions, "--questions", "10")[0], OK)
        (questions / "queries.jsonl").write_bytes((folder / "queries.jsonl").read_bytes())
        (questions / "qrels.tsv").write_bytes((folder / "qrels.tsv").read_bytes())
        report = self.home.json("eval", questions, "--no-answers")
        self.assertEqual([each["id"] for each in report["questions"]], [ids[0]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
