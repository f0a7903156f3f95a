"""The collection as a search engine: as the clients of SearXNG ask it, as a second renvoi does, and the retrievers of examples/."""

import json
import subprocess
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

from clients import ANSWER, QUESTION, ROOT, WithWorld, World, restart_with_key
from world import free_port

sys.path.insert(0, str(ROOT / "examples"))

# What SearXNG gives of each result, and what clients read of it: Open WebUI, Vane, RAGFlow, LibreChat and Onyx url, title and
# content; Open WebUI sorts by score, LangChain reads engines and category, Vane img_src, others parsed_url and positions.
FIELDS = {"url": str, "title": str, "content": str, "engine": str, "engines": list, "template": str, "parsed_url": list, "img_src": str, "thumbnail": str,
          "priority": str, "positions": list, "score": float, "category": str, "publishedDate": str, "pubdate": str, "renvoi": dict}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Searxng(WithWorld):
    def search(self, **parameters):
        return self.get("/search?" + urllib.parse.urlencode({"q": QUESTION, "format": "json", **parameters}))

    def urls(self, **parameters):
        status, value = self.search(**parameters)
        self.assertEqual(status, 200, value)
        return [result["url"] for result in value["results"]]

    def test_results_have_what_clients_read_with_the_text_of_the_page(self):
        status, value = self.search()
        self.assertEqual(status, 200)
        self.assertEqual(set(value), {"query", "number_of_results", "results", "answers", "corrections", "infoboxes", "suggestions", "unresponsive_engines"})
        self.assertEqual((value["query"], value["number_of_results"]), (QUESTION, len(value["results"])))
        for position, result in enumerate(value["results"], 1):
            self.assertEqual(set(result), set(FIELDS))
            for name, kind in FIELDS.items():
                if name == "publishedDate" and result[name] is None:
                    continue
                self.assertIsInstance(result[name], kind, name)
            self.assertEqual(result["parsed_url"], list(urllib.parse.urlparse(result["url"])))
            self.assertEqual((result["positions"], result["renvoi"]["verified"], result["renvoi"]["state"]), ([position], True, "LIVE"))
            self.assertTrue(0 < len(result["content"]) <= 1_000)
        scores = [result["score"] for result in value["results"]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertEqual(value["results"][0]["url"], self.page)
        self.assertIn(ANSWER, value["results"][0]["content"])

    def test_a_form_by_post_says_the_same(self):  # Onyx
        form = urllib.parse.urlencode({"q": QUESTION, "format": "json"}).encode()
        status, value = self.post("/search", form, {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((status, [result["url"] for result in value["results"]]), (200, self.urls()))
        self.assertEqual(self.get("/config")[1]["brand"]["GIT_URL"], "https://github.com/searxng/searxng")
        status, value = self.post("/search", b"q=%zz", {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((status, type(value["error"])), (400, str))
        self.assertEqual(self.post("/search", b"q=x", {"Content-Type": "text/plain"})[0], 415)
        self.assertEqual(self.post("/api/search", form, {"Content-Type": "application/x-www-form-urlencoded"})[0], 415)

    def test_what_clients_send_narrows_the_results(self):
        everything = self.urls()
        self.assertGreaterEqual(len(everything), 5)  # of six pages; another test takes one away
        # Open WebUI, RAGFlow, LibreChat, Vane and LangChain send these.
        self.assertEqual(self.urls(language="all", safesearch="1", time_range="", categories="", theme="simple", image_proxy=0, pageno=1), everything)
        self.assertEqual(self.urls(language="auto", categories="general", engines="google,bing"), everything)
        self.assertEqual(self.urls(pageno=2), [])
        self.assertTrue(all("/fr/" in url for url in self.urls(language="fr-CA")))
        self.assertEqual(self.urls(language="de"), everything)  # a wish: nothing is in German
        self.assertEqual(self.urls(categories="images"), [])
        self.assertEqual(self.urls(categories="general,images"), everything)
        self.assertEqual(self.urls(time_range="year"), everything)  # the server's Last-Modified
        self.assertEqual(self.urls(pageno=999_999), [])

    def test_errors_are_what_clients_read(self):
        for parameters in ({"q": ""}, {"q": "  "}, {"pageno": "0"}, {"pageno": "-1"}, {"pageno": "one"}, {"pageno": "9" * 40}, {"time_range": "decade"}, {"q": "x" * 9_000}):
            status, value = self.search(**parameters)
            self.assertEqual((status, type(value["error"])), (400, str), parameters)
        self.assertEqual(self.get("/search?format=json")[0], 400)
        self.assertEqual(self.search(format="csv")[0], 403)

    def test_a_browser_is_sent_to_the_page_and_can_add_the_engine(self):
        opener = urllib.request.build_opener(NoRedirect)
        with self.assertRaises(urllib.error.HTTPError) as caught:
            opener.open(self.world.address + "/search?q=" + urllib.parse.quote("prêt & <b>"))
        self.assertEqual(caught.exception.code, 302)
        caught.exception.close()
        location = caught.exception.headers["Location"]
        self.assertEqual(urllib.parse.parse_qs(urllib.parse.urlparse(location).query), {"q": ["prêt & <b>"]})
        self.assertTrue(location.startswith("/?q="))
        _, _, page = self.world.request("/")
        self.assertIn(b'<link rel="search" type="application/opensearchdescription+xml" title="renvoi" href="/opensearch.xml">', page)
        status, headers, data = self.world.request("/opensearch.xml")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/opensearchdescription+xml; charset=utf-8"))
        names = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
        described = xml.etree.ElementTree.fromstring(data)
        templates = {url.get("type"): url.get("template") for url in described.findall("o:Url", names)}
        self.assertEqual(templates["text/html"], self.world.address + "/search?q={searchTerms}")
        found = urllib.request.urlopen(templates["application/json"].replace("{searchTerms}", "silence").replace("{startPage?}", "1"))
        self.assertTrue(json.load(found)["results"])

    def test_a_page_that_is_gone_is_in_no_result(self):
        page = self.world.site.address + "/en/cards.html"
        self.assertIn(page, self.urls(q="What does a lost card cost?"))
        self.world.site.take_away(page)
        self.assertNotIn(page, self.urls(q="What does a lost card cost?"))
        self.assertEqual(self.get("/api/references?address=" + urllib.parse.quote(page))[1]["state"], "SUSPECT")

    def test_a_second_renvoi_searches_the_first(self):
        config = self.world.folder / "second.toml"
        config.write_text(f'[server]\nport = {free_port()}\n[answer]\nmode = "extractive"\n[web]\nendpoint = "{self.world.address}/search?format=json"\n'
                          'allow_private_addresses = true\n')
        command = [self.world.program, "--config", str(config), "--data", str(self.world.folder / "second"), "--json"]
        (self.world.folder / "notes").mkdir(exist_ok=True)
        (self.world.folder / "notes" / "phare.md").write_text("# Le phare\n\nLe phare se visite de mai à septembre.\n", encoding="utf-8")
        subprocess.run([*command, "add", str(self.world.folder / "notes")], check=True, capture_output=True, env=self.world.environment)
        done = subprocess.run([*command, "ask", QUESTION, "--scope", "web"], capture_output=True, text=True, env=self.world.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        self.assertTrue(answer["from_web"] and not answer["abstained"])
        self.assertIn(ANSWER, answer["text"])
        self.assertEqual(answer["citations"][0]["address"], self.page)

    def test_the_examples_for_langchain_and_llama_index(self):
        import langchain_retriever
        import llama_index_retriever
        documents = langchain_retriever.RenvoiRetriever(address=self.world.address).invoke(QUESTION)
        self.assertEqual(documents[0].metadata["source"], self.page)
        self.assertIn(ANSWER, documents[0].page_content)
        nodes = llama_index_retriever.RenvoiRetriever(self.world.address).retrieve(QUESTION)
        self.assertEqual(nodes[0].node.metadata["url"], self.page)
        self.assertIn(ANSWER, nodes[0].node.get_content())
        self.assertGreater(nodes[0].score, nodes[-1].score)


class WithKeys(unittest.TestCase):
    def test_the_json_needs_a_key_where_one_is_needed(self):
        with World() as world:
            key = restart_with_key(world)
            paths = [("/search?q=loan&format=json", None), ("/api/tags", None), ("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "ping"}), ("/v1/responses", {"input": "x"}),
                     ("/api/chat", {"model": "renvoi"}), ("/v1/rerank", {"query": "x", "documents": ["y"]})]
            for path, body in paths:
                self.assertEqual(world.request(path, body)[0], 401, path)
                self.assertEqual(world.request(path, body, {"Authorization": f"Bearer {key}"})[0], 200, path)
            self.assertEqual(world.request("/opensearch.xml")[0], 200)
            self.assertEqual(world.request("/search?q=loan")[0], 200)  # the page


if __name__ == "__main__":
    unittest.main(verbosity=2)
