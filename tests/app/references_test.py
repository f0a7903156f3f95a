"""Lists and counts of references by the API, pins, and deaths that a person accepts, with the real program."""

import time
import unittest
import urllib.parse

from harness import Home, Site, page

NAMES = ("ferry", "museum", "beach", "bakery", "orchard", "quarry")
# A second absence, a second later, is a death: no test waits a week.
LIFE = "[life]\ngone_missing_times = 2\ngone_missing_s = 1\nsuspect_recheck_1_s = 1\nsuspect_recheck_2_s = 1\nsuspect_recheck_3_s = 1\nprobe = false\n"


def text_of(name):
    return page(f"The {name}", f"The {name} of Port Aldric is told of here in a sentence that no other page of this site has, since it is about a {name}.")


class References(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)
        self.site = Site({f"/{name}": text_of(name) for name in NAMES})
        self.addCleanup(self.site.close)
        self.config = self.home.folder / "life.toml"
        self.config.write_text(LIFE)
        urls = self.home.folder / "urls.txt"
        urls.write_text("".join(f"{self.site.address}/{name}\n" for name in NAMES))
        self.home.json("--config", self.config, "add", urls, "--kind", "list", "--allow-private", "--delay-ms", "0", "--retention", "page")
        self.home.write_notes()
        self.home.json("--config", self.config, "add", self.home.notes)

    def sync(self, *more):
        time.sleep(1.1)
        return self.home.json("--config", self.config, "sync", "1", "--force", *more)

    def listed(self, server, **fields):
        query = urllib.parse.urlencode({key: value for key, value in fields.items()})
        status, value = server.json("GET", f"/api/references?{query}")
        self.assertEqual(status, 200, value)
        return value

    def test_lists_counts_and_metrics(self):
        del self.site.pages["/beach"]
        self.sync()
        server = self.home.serve(config=LIFE)
        everything = self.listed(server)
        self.assertEqual((len(everything["references"]), everything["next"]), (9, None))
        ids = [each["id"] for each in everything["references"]]
        self.assertEqual(ids, sorted(ids))

        paged, cursor = [], None
        while True:
            value = self.listed(server, limit=2, **({"cursor": cursor} if cursor else {}))
            self.assertLessEqual(len(value["references"]), 2)
            paged += [each["id"] for each in value["references"]]
            cursor = value["next"]
            if cursor is None:
                break
        self.assertEqual(paged, ids)

        def names(**fields):
            return sorted(each["address"].rsplit("/", 1)[1] for each in self.listed(server, **fields)["references"])
        self.assertEqual(names(state="SUSPECT"), ["beach"])
        self.assertEqual(names(state="SUSPECT,GONE", source="2"), [])
        self.assertEqual(names(source="1", text="BAK"), ["bakery"])
        self.assertEqual(names(text="the clock museum"), ["museum.html"])
        self.assertEqual(names(type="markdown", language="fr"), ["phare.md"])
        self.assertEqual(names(source="1,2", state="LIVE,MOVED"), sorted(["ferry.md", "museum.html", "phare.md", *(set(NAMES) - {"beach"})]))
        self.assertEqual(len(names(checked_since="2020")), 9)
        self.assertEqual(names(checked_until="2020"), [])
        self.assertEqual(names(since="2020", source="2"), ["ferry.md", "museum.html", "phare.md"])
        suspect = self.listed(server, state="SUSPECT")["references"][0]
        self.assertEqual((suspect["reason"], suspect["in_answers"], suspect["source"]), ("HTTP 404", False, 1))
        one = server.json("GET", f"/api/references/{suspect['id']}")[1]
        self.assertEqual({key: one[key] for key in suspect if key in one}, {key: suspect[key] for key in suspect if key in one})

        for query, field in (("state=live", "state"), ("cursor=12", "cursor"), ("limit=0", "limit"), ("limit=1001", "limit"), ("galaxy=1", "galaxy"),
                             ("since=yesterday", "since"), ("checked_since=2026&checked_until=2025", "checked_until"), ("type=galaxy", "type")):
            with self.subTest(query):
                status, value = server.json("GET", "/api/references?" + query)
                self.assertEqual((status, value["error"]["param"]), (400, field), value)
        self.assertEqual(server.json("GET", "/api/references?address=")[0], 400)

        status, counts = server.json("GET", "/api/references/counts")
        self.assertEqual(status, 200)
        self.assertEqual(counts["references_by_state"], server.json("GET", "/api/stats")[1]["references_by_state"])
        self.assertEqual([(each["source"], each["references_by_state"]["LIVE"], each["references_by_state"]["SUSPECT"]) for each in counts["sources"]],
                         [(1, 5, 1), (2, 3, 0)])
        events = {(each["source"], each["event"]): 0 for each in counts["events"]}
        for each in counts["events"]:
            events[(each["source"], each["event"])] += each["number"]
        self.assertEqual((events[(1, "added")], events[(2, "added")], events[(1, "LIVE -> SUSPECT")]), (6, 3, 1))
        self.assertTrue(all(each["day"] >= "2020-01-01" for each in counts["events"]) and counts["events_since"])
        self.assertEqual(server.json("GET", "/api/references/counts?days=0")[0], 400)

        _, _, data = server.request("GET", "/metrics")
        samples = dict(line.rsplit(" ", 1) for line in data.decode().splitlines() if not line.startswith("#"))
        self.assertEqual(samples['renvoi_source_references{source="1",state="SUSPECT"}'], "1")
        self.assertEqual(samples['renvoi_source_references{source="2",state="LIVE"}'], "3")
        today = max(each["day"] for each in counts["events"])
        for each in counts["events"]:
            if each["day"] == today == time.strftime("%Y-%m-%d", time.gmtime()):
                self.assertEqual(samples[f'renvoi_reference_events_today{{source="{each["source"]}",event="{each["event"]}"}}'], str(each["number"]))

    def test_pins(self):
        server = self.home.serve(config=LIFE)
        kept = self.listed(server, text="/ferry", source="1")["references"][0]["id"]
        not_kept = self.listed(server, source="2")["references"][0]["id"]
        self.assertEqual(server.json("POST", f"/api/references/{kept}/pin"), (200, {"id": kept, "pinned": True}))
        self.assertEqual(server.json("GET", "/api/stats")[1]["cache"]["pinned_pages"], 1)
        self.assertEqual(server.json("DELETE", f"/api/references/{kept}/pin"), (200, {"id": kept, "pinned": False}))
        self.assertEqual(server.json("GET", "/api/stats")[1]["cache"]["pinned_pages"], 0)
        status, value = server.json("POST", f"/api/references/{not_kept}/pin")
        self.assertEqual((status, value["error"]["code"]), (400, "invalid"), value)
        self.assertEqual(server.json("POST", "/api/references/999999/pin")[0], 404)
        self.assertEqual(server.json("GET", f"/api/references/{kept}/pin")[0], 405)

    # Most of a host is missing: that may be the host's mistake, until a person says that it is not.
    def test_deaths_are_held_until_they_are_accepted(self):
        for name in NAMES[:4]:
            del self.site.pages["/" + name]
        for _ in range(3):
            self.sync()
        states = self.home.json("stats")["references_by_state"]
        self.assertEqual((states["SUSPECT"], states["GONE"], states["LIVE"]), (4, 0, 5))
        self.assertIn("held", self.home.json("why", self.site.address + "/ferry")["trail"][0]["event"])
        self.sync("--accept-deaths")
        states = self.home.json("stats")["references_by_state"]
        self.assertEqual((states["SUSPECT"], states["GONE"], states["LIVE"]), (0, 4, 5))
        hits = self.home.json("search", "the ferry of Port Aldric", "--source", "1", "--limit", "20")["hits"]
        self.assertEqual({hit["address"].rsplit("/", 1)[1] for hit in hits}, set(NAMES[4:]))

    # A source may go on citing what is gone while the cache holds it; labelled, and as of the last look that saw it.
    def test_what_is_gone_is_served_where_the_policy_says_so(self):
        site = Site({"/lighthouse": page("The lighthouse", "The lighthouse of Port Aldric was built in 1871 by Hilda Marsh."),
                     "/harbour": page("The harbour", "The harbour of Port Aldric has room for forty boats in winter.")})
        self.addCleanup(site.close)
        urls = self.home.folder / "kept.txt"
        urls.write_text(f"{site.address}/lighthouse\n{site.address}/harbour\n")
        add = ("--config", self.config, "add", urls, "--kind", "list", "--allow-private", "--delay-ms", "0", "--serve-gone")
        status, _, err = self.home.run(*add)
        self.assertNotEqual(status, 0)
        self.assertIn("retention", err)
        source = self.home.json(*add, "--retention", "text")["source"]["id"]
        seen_at = self.home.json("why", f"{site.address}/lighthouse")["checked_at"]
        del site.pages["/lighthouse"]
        for _ in range(3):
            time.sleep(1.1)
            self.home.json("--config", self.config, "sync", str(source), "--force")
        why = self.home.json("why", f"{site.address}/lighthouse")
        self.assertEqual((why["state"], why["in_answers"]), ("ARCHIVED", True))
        self.assertIn("copy in the cache", why["why"]["state"])
        question = ("ask", "When was the lighthouse of Port Aldric built?", "--source", str(source), "--mode", "extractive")
        answer = self.home.json("--config", self.config, *question)
        cited = answer["citations"][0]
        self.assertEqual((cited["state"], cited["verified"], cited["checked_at"]), ("ARCHIVED", False, seen_at))
        self.assertIn("1871", cited["quote"])
        hits = self.home.json("search", "lighthouse", "--source", str(source), "--state", "ARCHIVED")["hits"]
        self.assertEqual([hit["address"] for hit in hits], [f"{site.address}/lighthouse"])
        # Without its copy nothing is left to cite, and the next look says what it is.
        for kept in (self.home.data / "collection" / "cache").iterdir():
            kept.unlink()
        answer = self.home.json("--config", self.config, *question)
        self.assertNotIn(f"{site.address}/lighthouse", [each["address"] for each in answer["citations"]])
        self.assertIn(self.home.json("why", f"{site.address}/lighthouse")["state"], ("SUSPECT", "GONE"))


if __name__ == "__main__":
    unittest.main()
