"""The page in a real browser: starts the worlds, then lets the scripts of browser/ drive Chromium. Pictures are kept."""

import gzip
import json
import os
import pathlib
import re
import shutil
import unittest
import urllib.request

from browser_world import BrowserWorld, Control, EmptyWorld, ManySources, run_script
from world import ROOT

HERE = pathlib.Path(__file__).parent
FIRST_LOAD_BYTES = 120_000


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = shutil.which("node")
        if not pathlib.Path("/usr/bin/chromium").exists() or cls.node is None:
            raise unittest.SkipTest("needs /usr/bin/chromium and node: run ./dev setup")
        cls.pictures = pathlib.Path(os.environ.get("RENVOI_PICTURES", ROOT / "build" / "screenshots"))
        cls.pictures.mkdir(parents=True, exist_ok=True)

    def drive(self, script, given):
        given = {"pictures": str(self.pictures), **{name: str(value) for name, value in given.items()}}
        done = run_script([self.node, HERE / "browser" / script], [json.dumps(given)], 240)
        print(done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_questions(self):
        with BrowserWorld() as world, Control(world) as control:
            self.policy(world)
            self.first_load(world)
            self.drive("ask.mjs", {"server": world.address, "site": world.site.address, "control": control.address,
                                   "taken_away_file": world.site.taken_away_file, "hold_file": world.site.hold_file})
            self.feedback(world)

    def test_pages(self):
        with BrowserWorld() as world:
            self.drive("pages.mjs", {"server": world.address, "site": world.site.address, "taken_away_file": world.site.taken_away_file})

    def test_from_nothing_to_the_first_answer(self):
        with EmptyWorld() as world:
            key = re.search(r"rnv_[0-9a-f]+", world.admin_key).group()
            self.drive("first_run.mjs", {"server": world.address, "documents": world.folder / "documents", "key": key})

    def test_a_thousand_sources(self):
        with ManySources() as world:
            self.drive("many.mjs", {"server": world.address})

    def policy(self, world):
        status, headers, _ = world.request("/")
        self.assertEqual(status, 200)
        policy = headers["Content-Security-Policy"]
        self.assertRegex(policy, r"default-src '(none|self)'")
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("http", policy)

    def first_load(self, world):
        """What a browser gets that was never here: the page and all that it names, as they are sent."""
        total = 0
        page = world.request("/")[2].decode()
        for path in ["/", *re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)]:
            request = urllib.request.Request(world.address + path, headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(request, timeout=30) as response:
                sent = response.read()
                self.assertEqual(response.headers["Content-Encoding"], "gzip", path)
            self.assertEqual(gzip.decompress(sent), world.request(path)[2], path)
            total += len(sent)
        print(f"first load: {total} bytes")
        self.assertGreater(total, 10_000)
        self.assertLessEqual(total, FIRST_LOAD_BYTES)

    def feedback(self, world):
        """What was said of answers in the browser can be read as questions in BEIR's layout."""
        folder = world.folder / "data" / "feedback"
        lines = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
        self.assertEqual([(line["text"], line["metadata"]["good"]) for line in lines], [("How is a group room booked?", True)])
        judged = [line.split("\t") for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()]
        self.assertEqual(judged[0], ["query-id", "corpus-id", "score"])
        self.assertEqual(judged[1], [lines[0]["_id"], world.site.address + "/en/rooms.html", "1"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
