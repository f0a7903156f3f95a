"""What an answer in scope auto cites from the web is kept as a reference, where the configuration says so."""

import json
import unittest

from harness import INVALID, Home, Site, page

QUESTION = "What is the beach of Port Aldric made of?"
BEACH = "The beach of Port Aldric is made of black volcanic sand. Lifeguards watch it from June to September."


class Pages(dict):
    """Pages by path, and a search engine that names all of them."""

    def get(self, path, default=None):
        if not path.startswith("/search?"):
            return super().get(path, default)
        results = [{"url": self.address + name, "title": name, "content": ""} for name in self]
        return 200, {"Content-Type": "application/json"}, json.dumps({"results": results}).encode()


class KeptWeb(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)
        self.site = Site({})
        self.addCleanup(self.site.close)
        self.site.pages = Pages({"/beach": page("The beach of Port Aldric", BEACH)})
        self.site.pages.address = self.site.address
        self.home.write_notes({"phare.md": "# Le phare de Kermaz\n\nLe phare de Kermaz se visite de mai à septembre.\n"})
        self.home.json("add", self.home.notes)

    def config(self, keep):
        return (f"[answer]\nmode = 'extractive'\nscope = 'auto'\n[source]\nmin_delay_ms = 0\n"
                f"[web]\nendpoint = '{self.site.address}/search?format=json'\nallow_private_addresses = true\n{keep}")

    def configured(self, keep):
        file = self.home.folder / "auto.toml"
        file.write_text(self.config(keep))
        return "--config", file

    def test_nothing_is_kept_unless_it_is_wanted_and_never_in_scope_web(self):
        for keep, scope in (("", "auto"), ("keep = ''\n", "auto"), ("keep = 'text'\n", "web")):
            with self.subTest(keep=keep, scope=scope):
                answer = self.home.json(*self.configured(keep), "ask", QUESTION, "--scope", scope)
                self.assertTrue(answer["from_web"], answer)
                self.assertEqual(self.home.json("stats")["sources"], 1)
        status, _, err = self.home.run(*self.configured("keep = 'for ever'\n"), "stats")
        self.assertEqual(status, INVALID)
        self.assertIn("web.keep", err)

    def test_what_is_cited_becomes_a_reference_like_all_others(self):
        with_keep = self.configured("keep = 'text'\n")
        answer = self.home.json(*with_keep, "ask", QUESTION)
        self.assertTrue(answer["from_web"] and "volcanic" in answer["text"], answer)
        self.assertIsNone(answer["citations"][0]["reference"])
        self.assertTrue(self.home.json(*with_keep, "ask", QUESTION)["from_web"])  # not twice in the list
        self.home.json(*with_keep, "sync")
        sources = self.home.json("sources")["sources"]
        kept = [each for each in sources if each["kind"] == "list"]
        self.assertEqual([(each["policy"]["retention"], each["policy"]["allow_private_addresses"]) for each in kept], [("text", True)])
        hit = self.home.json("search", QUESTION)["hits"][0]
        self.assertEqual((hit["address"], hit["source"], hit["state"]), (self.site.address + "/beach", kept[0]["id"], "LIVE"))
        answer = self.home.json(*with_keep, "ask", QUESTION)
        self.assertFalse(answer["from_web"], answer)
        self.assertEqual(answer["citations"][0]["reference"], hit["reference"])
        self.assertEqual(self.home.json("stats")["cache"]["pages"], 1)
        del self.site.pages["/beach"]
        self.assertTrue(self.home.json(*with_keep, "ask", QUESTION)["abstained"])
        self.assertEqual(self.home.json("why", self.site.address + "/beach")["state"], "SUSPECT")

    def test_a_server_reads_it_at_once(self):
        server = self.home.serve(config=self.config("keep = 'none'\n"))
        _, answer = server.json("POST", "/api/ask", {"question": QUESTION})
        self.assertTrue(answer["from_web"], answer)
        source = max(each["id"] for each in server.json("GET", "/api/sources")[1]["sources"])
        self.assertEqual(server.wait_for_job(source)["pages"], 1)
        _, answer = server.json("POST", "/v1/chat/completions", {"model": "renvoi", "messages": [{"role": "user", "content": QUESTION}]})
        self.assertFalse(answer["renvoi"]["from_web"], answer)


if __name__ == "__main__":
    unittest.main()
