"""kill -9 in the middle of a crawl of several hosts: what was acknowledged stays and is not asked for again; what is asked
for again was under way: its answer had not come, or its document was not yet in the index. Counted by the servers."""

import collections
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from harness import OK, PROGRAM, Home, Site, page

HOSTS, PAGES = 4, 12
WORDS = "anchor basket candle dolphin ember falcon garnet harbour island jasmine kettle lantern meadow needle orchard pepper quarry".split()


class CrawlKill(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)
        self.lock = threading.Lock()
        self.asked = []
        self.agents = set()
        self.process, self.kill_at = None, None
        self.delay_s = 0.3
        self.sites = []
        for host in range(HOSTS):
            site = Site({f"/{host}-{n}.html": page(f"Page {host}-{n}", self.text(host, n)) for n in range(PAGES)}, before=self.before)
            site.server.handle_error = lambda *_: None  # a client that was killed resets its connections
            self.sites.append(site)
            self.addCleanup(site.close)
        self.addresses = [f"{site.address}/{host}-{n}.html" for n in range(PAGES) for host, site in enumerate(self.sites)]
        self.list = self.home.folder / "urls.txt"
        self.list.write_text("\n".join(self.addresses) + "\n")
        self.config = self.home.folder / "config.toml"
        self.config.write_text("[fetch]\ncontact = 'https://example.org/about-our-crawler'\n")

    @staticmethod
    def text(host, n):
        random.seed(host * 1000 + n)
        sentences = [f"The page number {n} of host {host} tells of {' and '.join(random.choices(WORDS, k=12))}." for _ in range(30)]
        return "</p><p>".join(" ".join(sentences[i:i + 5]) for i in range(0, 30, 5))

    def before(self, path, headers):
        """Of a server's thread, before it answers: the process may be killed while this very request is in flight."""
        with self.lock:
            self.agents.add(headers.get("User-Agent"))
            if not path.endswith(".html") or path[1:2] not in "0123" or path.count("-") != 1:
                return  # robots.txt and probes
            self.asked.append(path)
            if self.kill_at is not None and len(self.asked) >= self.kill_at and self.process is not None:
                os.kill(self.process.pid, signal.SIGKILL)
        time.sleep(self.delay_s)

    def crawl(self, *command, kill_after_requests=None, kill_when_acknowledged=None):
        """Runs until it is killed or done; gives the paths that were asked for, and its status."""
        with self.lock:
            first = len(self.asked)
            self.kill_at = None if kill_after_requests is None else first + kill_after_requests
            self.process = subprocess.Popen([PROGRAM, "--config", str(self.config), "--data", str(self.home.data), *command],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.home.environment)
        if kill_when_acknowledged:
            wanted = len(self.acknowledged()) + kill_when_acknowledged
            while self.process.poll() is None and len(self.acknowledged()) < wanted:
                time.sleep(0.02)
            self.process.kill()
        self.process.wait(240)
        with self.lock:
            status, self.process, self.kill_at = self.process.returncode, None, None
            return self.asked[first:], status

    def acknowledged(self):
        """Paths whose documents the catalogue calls indexed."""
        catalog = self.home.data / "collection" / "catalog.db"
        if not catalog.exists():
            return set()
        database = sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)
        try:
            rows = database.execute("SELECT address FROM reference WHERE indexed = 1").fetchall()
        except sqlite3.OperationalError:  # it is being made
            return set()
        finally:
            database.close()
        return {"/" + address.rsplit("/", 1)[1] for (address,) in rows}

    def test_a_killed_crawl_loses_nothing_and_asks_for_nothing_twice_that_it_has(self):
        add = ["add", str(self.list), "--kind", "list", "--allow-private", "--delay-ms", "0"]
        commands = [add] + [["sync"]] * 100
        moments = [{"kill_after_requests": 1}, {"kill_after_requests": 9}, {"kill_when_acknowledged": 1}, {"kill_after_requests": 5}, {}]
        under_way = collections.Counter()  # requests whose documents were not acknowledged when the process was killed
        had, partly = set(), 0
        for number, moment in enumerate(moments):
            asked, status = self.crawl(*commands[number], **moment)
            self.assertEqual(len(asked), len(set(asked)), "one run asks for a page once")
            self.assertFalse(had & set(asked), "an acknowledged page is not asked for again")
            has = self.acknowledged()
            self.assertLessEqual(had, has, "what was acknowledged stays")
            self.assertEqual(status, -signal.SIGKILL if moment else OK)
            under_way.update(path for path in asked if path not in has)
            partly += 0 < len(has) < HOSTS * PAGES
            had = has
        self.assertEqual(status, OK)
        self.assertEqual(len(had), HOSTS * PAGES)
        self.assertGreaterEqual(partly, 2, "killed with some of it acknowledged and some of it not")
        times = collections.Counter(self.asked)
        for path, count in times.items():
            self.assertEqual(count, 1 + under_way[path], path)
        # Nothing is half: every checksum and cross-reference, and every page is found by its own words.
        self.assertEqual(self.home.run("check")[0], OK)
        for host, n in [(0, 0), (3, PAGES - 1)]:
            hits = self.home.json("search", self.text(host, n)[:150])["hits"]
            self.assertEqual(hits[0]["address"], f"{self.sites[host].address}/{host}-{n}.html")
        self.assertEqual({agent.split("/")[0] for agent in self.agents}, {"renvoi"})
        self.assertTrue(all("(+https://example.org/about-our-crawler)" in agent for agent in self.agents), self.agents)

    def test_ctrl_c_ends_a_crawl_at_once_though_servers_are_silent(self):
        release = threading.Event()
        self.addCleanup(release.set)
        hold = threading.Barrier(HOSTS + 1, timeout=60)

        def before(path, _):
            if path.endswith("-0.html"):
                hold.wait()
                release.wait(60)

        for site in self.sites:
            site.before = before
        process = subprocess.Popen([PROGRAM, "--data", str(self.home.data), "add", str(self.list), "--kind", "list", "--allow-private",
                                    "--delay-ms", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.home.environment)
        hold.wait()  # every host has been asked, and none answers
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(60)
        self.assertLess(time.monotonic() - begun, 15, "far from the 20 s after which a silent server is given up")


if __name__ == "__main__":
    unittest.main()
