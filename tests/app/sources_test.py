"""Every kind of source with the real program: added, found by search, changed, removed; and a folder that is watched."""

import gzip
import json
import shutil
import subprocess
import time
import unittest
import zipfile

from harness import INVALID, OK, Home, Site, page

FEED = "<?xml version='1.0'?><rss version='2.0'><channel><title>x</title>{}</channel></rss>"
XML = {"Content-Type": "application/xml"}
TEXT = {"Content-Type": "text/plain"}


def item(link, date="Tue, 24 Nov 2020 09:53:46 GMT"):
    return f"<item><title>&lt;b&gt;x</title><link>{link}</link><pubDate>{date}</pubDate></item>"


def record(url, title, text, date="2024-05-01T12:00:00Z"):
    body = page(title, text)[2]
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


class Sources(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.site = Site({
            "/ferry": page("The ferry", "The ferry leaves Port Aldric every morning at seven o'clock and takes eleven crowns."),
            "/museum": page("The clock museum", "The clock museum of Port Aldric shows four hundred pendulum clocks."),
            "/beach": page("The beach", "The beach of Port Aldric is made of black volcanic sand and is watched by lifeguards."),
        })
        self.addCleanup(self.home.close)
        self.addCleanup(self.site.close)

    def add(self, source, *more):
        return self.home.json("add", source, "--allow-private", "--delay-ms", "0", *more)

    def found(self, query):
        return [hit["address"].removeprefix(self.site.address) for hit in self.home.json("search", query)["hits"]]

    def test_a_feed_is_known_by_what_it_answers_and_forgets_nothing(self):
        self.site.pages["/news/"] = (200, XML, FEED.format(item("/ferry") + item("/museum")).encode())
        added = self.add(self.site.address + "/news/")
        self.assertEqual(added["source"]["kind"], "feed")
        self.assertEqual(added["report"]["documents_indexed"], 2)
        self.assertEqual(self.found("when does the ferry sail")[0], "/ferry")
        self.assertEqual(self.found("pendulum clocks")[0], "/museum")
        self.site.pages["/news/"] = (200, XML, FEED.format(item("/beach")).encode())
        self.assertEqual(self.home.json("sync")["sources"][0]["report"]["documents_indexed"], 1)
        self.assertEqual(self.found("volcanic sand")[0], "/beach")
        self.assertEqual(self.found("when does the ferry sail")[0], "/ferry")  # the feed has forgotten it, the index has not
        self.assertEqual([s["kind"] for s in self.home.json("sources")["sources"]], ["feed"])

    def test_an_entry_with_a_new_date_is_read_before_its_time(self):
        self.site.pages["/feed"] = (200, XML, FEED.format(item("/ferry")).encode())
        self.add(self.site.address + "/feed", "--revisit-s", "0")
        self.site.pages["/ferry"] = page("The ferry", "The ferry was replaced by a long suspension bridge with a toll of two crowns.")
        self.site.pages["/feed"] = (200, XML, FEED.format(item("/ferry", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60)))).encode())
        self.home.json("sync")
        answer = self.home.json("ask", "What is the toll of the suspension bridge?", "--mode", "extractive")
        self.assertIn("two crowns", answer["text"])

    def test_a_list_says_what_belongs_to_it(self):
        urls = self.home.folder / "urls.txt"
        urls.write_text(f"# mine\n{self.site.address}/ferry\n{self.site.address}/ferry#x\n{self.site.address}/museum # clocks\nnonsense\n")
        added = self.add(urls, "--kind", "list")
        self.assertEqual(added["report"]["documents_indexed"], 2)
        self.assertEqual(len(added["report"]["problems"]), 1)
        self.assertIn("line 5", added["report"]["problems"][0]["reason"])
        urls.write_text(f"{self.site.address}/museum\n{self.site.address}/beach\n")
        self.home.json("sync")
        self.assertEqual(self.found("volcanic sand")[0], "/beach")
        self.assertNotIn("/ferry", self.found("when does the ferry sail"))
        urls.write_text(f"{self.site.address}/museum\n{self.site.address}/ferry\n")
        self.home.json("sync")
        self.assertEqual(self.found("when does the ferry sail")[0], "/ferry")

    def test_a_remote_list_and_a_gzipped_sitemap(self):
        self.site.pages["/urls"] = (200, TEXT, f"{self.site.address}/ferry\n".encode())
        self.assertEqual(self.add(self.site.address + "/urls", "--kind", "list")["report"]["documents_indexed"], 1)
        urls = f"<urlset><url><loc>{self.site.address}/museum</loc><lastmod>2024-01-01</lastmod></url></urlset>"
        self.site.pages["/map"] = (200, {"Content-Type": "application/gzip"}, gzip.compress(urls.encode()))
        added = self.add(self.site.address + "/map")
        self.assertEqual(added["source"]["kind"], "sitemap")
        self.assertEqual(added["report"]["documents_indexed"], 1)
        self.assertEqual(self.found("pendulum clocks")[0], "/museum")

    def test_opml_is_read_with_what_it_takes_in_even_itself(self):
        self.site.pages["/a.xml"] = (200, XML, FEED.format(item("/ferry")).encode())
        self.site.pages["/b.json"] = (200, {"Content-Type": "application/feed+json"}, json.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "/museum"}]}).encode())
        self.site.pages["/more.opml"] = (200, XML, b"<opml><body><outline type='include' url='/more.opml'/><outline xmlUrl='/b.json'/></body></opml>")
        opml = self.home.folder / "subscriptions.opml"
        opml.write_text(f"<opml version='2.0'><body><outline text='x'><outline type='rss' xmlUrl='{self.site.address}/a.xml'/></outline>"
                        f"<outline type='include' url='{self.site.address}/more.opml'/></body></opml>")
        added = self.add(opml)
        self.assertEqual(added["source"]["kind"], "opml")
        self.assertEqual(added["report"]["documents_indexed"], 2)
        self.assertEqual(self.found("pendulum clocks")[0], "/museum")

    def test_an_archive_outlives_its_pages_and_is_quoted_with_its_date(self):
        warc = self.home.folder / "old.warc.gz"
        url = self.site.address + "/castle"  # which is not there any more
        warc.write_bytes(gzip.compress(record(url, "The castle", "The castle of Port Aldric has ninety-nine windows and burnt down.")) +
                         gzip.compress(record(self.site.address + "/mill", "The mill", "The windmill of Port Aldric grinds buckwheat flour.")))
        added = self.add(warc)
        self.assertEqual(added["source"]["kind"], "archive")
        self.assertEqual(added["report"]["documents_indexed"], 2)
        hit = self.home.json("search", "how many windows has the castle")["hits"][0]
        self.assertEqual((hit["address"], hit["state"], hit["checked_at"]), (url, "LIVE", "2024-05-01T12:00:00Z"))
        answer = self.home.json("ask", "How many windows has the castle?", "--mode", "extractive")
        self.assertIn("**ninety-nine windows**", answer["text"])
        self.assertEqual(answer["citations"][0]["checked_at"], "2024-05-01T12:00:00Z")
        self.assertEqual(self.site.seen, [])  # nothing was asked of its server
        warc.write_bytes(gzip.compress(record(url, "The castle", "The castle of Port Aldric was rebuilt with twelve towers.", "2025-01-01T00:00:00Z")))
        self.home.json("sync")
        self.assertEqual(self.home.json("search", "towers of the castle")["hits"][0]["checked_at"], "2025-01-01T00:00:00Z")
        self.assertNotIn("/mill", self.found("buckwheat flour"))
        warc.unlink()
        self.home.run("sync")
        self.assertEqual(self.found("towers of the castle")[0], "/castle")  # a disk may not be mounted

    def test_wacz_and_a_site_that_takes_over(self):
        wacz = self.home.folder / "old.wacz"
        with zipfile.ZipFile(wacz, "w", zipfile.ZIP_STORED) as file:
            file.writestr("datapackage.json", "{}")
            file.writestr("archive/data.warc.gz", gzip.compress(record(self.site.address + "/ferry", "The ferry", "The old ferry was rowed by monks for copper coins.")))
        self.assertEqual(self.add(wacz)["report"]["documents_indexed"], 1)
        self.assertEqual(self.found("rowed by monks")[0], "/ferry")
        self.assertEqual(self.add(self.site.address + "/ferry", "--kind", "url")["report"]["documents_indexed"], 1)
        answer = self.home.json("ask", "When does the ferry leave Port Aldric?", "--mode", "extractive")
        self.assertIn("seven o'clock", answer["text"])
        self.assertIn("/ferry", self.site.seen)

    def test_a_site_is_read_by_its_sitemaps_when_asked(self):
        self.site.pages["/"] = page("Port Aldric", "Port Aldric is a small harbour town with a long history of trade.")
        self.site.pages["/robots.txt"] = (200, TEXT, f"Sitemap: {self.site.address}/s.xml\n".encode())
        self.site.pages["/s.xml"] = (200, XML, f"<urlset><url><loc>{self.site.address}/museum</loc></url></urlset>".encode())
        self.assertEqual(self.add(self.site.address + "/", "--sitemaps")["report"]["documents_indexed"], 2)
        self.assertEqual(self.found("pendulum clocks")[0], "/museum")

    def test_an_archive_is_a_folder(self):
        archive = self.home.folder / "notes.zip"

        def pack(**files):
            with zipfile.ZipFile(archive, "w") as packed:
                for name, text in files.items():
                    packed.writestr(f"inner/{name}.md", f"# {name}\n\n{text}\n")

        pack(weir="The salmon climb the weir in autumn.", mill="The windmill grinds buckwheat flour.")
        self.assertEqual(self.home.json("add", archive)["source"]["kind"], "folder")
        hits = self.home.json("search", "salmon weir")["hits"]
        self.assertEqual(hits[0]["address"], f"file://{archive}!/inner/weir.md")
        pack(mill="The windmill grinds buckwheat flour.", weir="The eel sleeps below the weir all winter.")
        self.home.json("sync")
        self.assertIn("eel", self.home.json("ask", "Where does the eel sleep?", "--mode", "extractive")["citations"][0]["quote"])
        pack(mill="The windmill grinds buckwheat flour.")
        self.home.json("sync")
        self.assertEqual([hit["address"].rsplit("/", 1)[1] for hit in self.home.json("search", "eel weir mill")["hits"]], ["mill.md"])

    def test_the_completion_knows_the_kinds(self):
        script = self.home.run("completion", "bash")[1]
        ask = script + '\nCOMP_WORDS=(renvoi add --kind "$1"); COMP_CWORD=3; _renvoi renvoi "$1" --kind; echo "${COMPREPLY[*]}"'
        done = lambda word: subprocess.run(["bash", "-c", ask, "x", word], capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual(done("fe"), ["feed"])
        self.assertEqual(done(""), ["folder", "file", "url", "site", "sitemap", "feed", "list", "opml", "archive"])
        self.assertIn("-x -a 'folder file url", self.home.run("completion", "fish")[1])

    def test_what_cannot_be_is_said(self):
        text = self.home.folder / "x.warc"
        text.write_text("nothing")
        for arguments, words in (((text,), "WARC"), (("https://a.test/x.warc.gz",), "download it first"),
                                 ((self.home.folder, "--kind", "list"), "is a folder, not a list")):
            status, _, err = self.home.run("add", *arguments)
            self.assertNotEqual(status, OK)
            self.assertIn(words, err)
        self.site.pages["/bad"] = (200, XML, b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><rss>&a;</rss>")
        status, _, err = self.home.run("add", self.site.address + "/bad", "--allow-private")
        self.assertEqual(status, INVALID)
        self.assertIn("DOCTYPE", err)


class Server(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)

    def eventually(self, check, what, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if check():
                return
            time.sleep(0.2)
        self.fail(f"not within {seconds} s: {what}")

    def test_the_api_knows_the_kinds(self):
        site = Site({"/feed": (200, XML, FEED.format(item("/ferry")).encode()), "/ferry": page("The ferry", "The ferry leaves at seven o'clock.")})
        self.addCleanup(site.close)
        server = self.home.serve()
        status, source = server.json("POST", "/api/sources", {"address": site.address + "/feed", "allow_private_addresses": True, "min_delay_ms": 0})
        self.assertEqual((status, source["kind"]), (202, "feed"))
        self.assertEqual(server.wait_for_job(source["id"])["pages"], 1)
        status, problem = server.json("POST", "/api/sources", {"address": site.address, "kind": "newsfeed"})
        self.assertEqual(status, 400)
        self.assertIn("opml", problem["error"]["message"])

    def test_a_folder_is_read_while_it_changes(self):
        notes = self.home.write_notes()
        server = self.home.serve()
        status, source = server.json("POST", "/api/sources", {"address": str(notes)})
        self.assertEqual(status, 202)
        self.assertEqual(server.wait_for_job(source["id"])["pages"], 3)

        def first(query):
            hits = server.json("POST", "/api/search", {"query": query})[1]["hits"]
            return hits[0]["address"].rsplit("/", 1)[1] if hits else None

        def pages():
            return server.json("GET", f"/api/sources/{source['id']}")[1]["pages"]

        time.sleep(5)  # until it is watched, and read from end to end once more
        (notes / "beach.md").write_text("# The beach\n\nThe beach is made of black volcanic sand.\n")
        self.eventually(lambda: first("volcanic sand") == "beach.md", "a new file")
        (notes / "beach.md").write_text("# The beach\n\nThe shore is covered with pink seashells now.\n")
        self.eventually(lambda: first("pink seashells") == "beach.md", "a changed file")
        (notes / "beach.md").rename(notes / "shore.md")
        self.eventually(lambda: first("pink seashells") == "shore.md", "a renamed file")
        (notes / "deep" / "er").mkdir(parents=True)
        (notes / "deep" / "er" / "mill.md").write_text("# The mill\n\nThe windmill grinds buckwheat flour.\n")
        self.eventually(lambda: first("buckwheat flour") == "mill.md", "a file in a new folder")
        self.assertEqual(pages(), 5)
        shutil.rmtree(notes / "deep")
        self.eventually(lambda: pages() == 4, "a folder that is removed")
        (notes / "shore.md").unlink()
        self.eventually(lambda: pages() == 3, "a file that is removed")
        with zipfile.ZipFile(notes / "valley.zip", "w") as archive:
            archive.writestr("sub/weir.md", "# The weir\n\nThe salmon climb the weir in autumn.\n")
            archive.writestr("mill.md", "# The mill\n\nThe windmill grinds buckwheat flour.\n")
        self.eventually(lambda: first("salmon weir") == "weir.md", "a file in a new archive")
        self.assertEqual(pages(), 5)
        answer = server.json("POST", "/api/ask", {"question": "When do the salmon climb the weir?", "mode": "extractive"})[1]
        self.assertEqual([(c["address"].endswith("/valley.zip!/sub/weir.md"), c["link"].endswith("/valley.zip")) for c in answer["citations"]][:1],
                         [(True, True)])
        (notes / "valley.zip").unlink()
        self.eventually(lambda: pages() == 3, "an archive that is removed")
        (notes / ".hidden.md").write_text("# Hidden\n\nThis is a secret about zeppelins.\n")
        (notes / "photo.png").write_bytes(b"x")
        time.sleep(3)
        self.assertEqual(pages(), 3)


if __name__ == "__main__":
    unittest.main()
