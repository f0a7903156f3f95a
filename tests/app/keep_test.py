"""check, repair, snapshot, restore: the real program on damaged, killed, full and busy collections."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time
import unittest

from harness import CONFLICT, CORRUPT, EXHAUSTED, NOT_FOUND, OK, PROGRAM, Home

QUESTION = "How much does the ferry cost?"


def flip(path, at=None):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if at is None else at] ^= 0x10
    path.unlink()  # not in place: it may be a link, and what it is linked to shall stay sound
    path.write_bytes(content)


class Keep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.home.write_notes()
        cls.home.json("add", cls.home.notes, "--retention", "page")
        cls.collection = cls.home.data / "collection"
        cls.good = cls.home.folder / "good"
        (cls.collection / "cache").mkdir(exist_ok=True)
        cls.snapshot = cls.home.folder / "snapshot"
        cls.home.json("snapshot", cls.snapshot)
        shutil.copytree(cls.collection, cls.good)
        cls.before = cls.home.json("stats")

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def setUp(self):
        for path in self.home.data.glob("collection*"):
            shutil.rmtree(path)
        shutil.copytree(self.good, self.collection)

    def run_json(self, *arguments):
        status, out, err = self.home.run("--json", *arguments)
        return status, json.loads(out or err)

    def assert_whole(self):
        after = self.home.json("stats")
        self.assertEqual((after["pages"], after["passages"]), (self.before["pages"], self.before["passages"]))
        self.assertIn("ferry.md", self.home.json("search", QUESTION)["hits"][0]["address"])

    def test_a_pinned_page_is_told_by_stats(self):
        address = (self.home.notes / "ferry.md").as_uri()
        self.assertEqual(self.home.json("pin", address), {"address": address, "pinned": True})
        cache = self.home.json("stats")["cache"]
        self.assertEqual((cache["pages"], cache["pinned_pages"], cache["text_bytes"]), (3, 1, 0))
        self.assertTrue(self.home.json("check")["sound"])
        self.home.json("pin", "--off", address)
        self.assertEqual(self.home.json("stats")["cache"]["pinned_pages"], 0)
        self.assertEqual(self.run_json("pin", "https://nowhere.test/")[0], NOT_FOUND)

    def test_a_sound_collection(self):
        report = self.home.json("check")
        self.assertTrue(report["sound"])
        self.assertEqual((report["references"], report["problems"]), (3, []))
        status, out, _ = self.home.run("repair")
        self.assertEqual((status, out), (OK, "nothing to repair\n"))

    def test_there_is_nothing(self):
        shutil.rmtree(self.collection)
        for command in (["check"], ["repair"], ["snapshot", self.home.folder / "none"]):
            status, _, err = self.home.run(*command)
            self.assertEqual(status, NOT_FOUND, command)
            self.assertIn("collection", err)
        self.assertFalse((self.home.folder / "none").exists())

    def test_each_file_damaged_is_told_and_repaired_and_read_again(self):
        files = sorted(path.name for path in (self.good / "index").iterdir() if path.name != "lock")
        self.assertGreaterEqual(len(files), 3)
        told = 0
        for name in files:
            with self.subTest(name):
                self.setUp()
                flip(self.collection / "index" / name)
                status, report = self.run_json("check")
                self.assertEqual(status, CORRUPT)
                told += 1
                problem = report["problems"][0]
                self.assertTrue(problem["where"].endswith(name), problem)
                self.assertIn("renvoi repair", problem["advice"])
                self.assertEqual(self.home.run("search", QUESTION)[0], CORRUPT)
                report = self.home.json("repair")
                self.assertTrue((pathlib.Path(report["set_aside"]) / name).exists())
                self.assertTrue(self.home.json("check")["sound"])
                self.assertEqual(self.home.run("repair")[1], "nothing to repair\n")
                self.home.json("sync")
                self.assertTrue(self.home.json("check")["sound"])
                self.assert_whole()
        self.assertGreaterEqual(told, 3)

    def test_a_damaged_catalogue_is_told_and_a_snapshot_helps(self):
        flip(self.collection / "catalog.db", 105)  # in the schema's page: how many cells there are
        content = bytearray((self.collection / "catalog.db").read_bytes())
        content[4_096:8_192] = bytes(4_096)
        (self.collection / "catalog.db").write_bytes(content)
        status, report = self.run_json("check")
        self.assertEqual(status, CORRUPT)
        self.assertEqual(report["problems"][0]["part"], "catalogue")
        self.assertIn("renvoi restore", report["problems"][0]["advice"])
        status, _, err = self.home.run("repair")
        self.assertEqual(status, CORRUPT)
        self.assertIn("renvoi restore", err)
        self.assertEqual(self.home.run("restore", self.snapshot)[0], CONFLICT)
        report = self.home.json("restore", self.snapshot, "--force")
        self.assertEqual((pathlib.Path(report["set_aside"]) / "catalog.db").read_bytes(), bytes(content))
        self.assertTrue(self.home.json("check")["sound"])
        self.assert_whole()

    def test_a_damaged_page_of_the_cache(self):
        (self.collection / "cache").mkdir(exist_ok=True)
        (self.collection / "cache" / "7.page").write_bytes(b"RVC1 this is not what was written")
        status, report = self.run_json("check")
        self.assertEqual(status, CORRUPT)
        self.assertEqual([problem["part"] for problem in report["problems"]], ["cache"])
        report = self.home.json("repair")
        self.assertTrue((pathlib.Path(report["set_aside"]) / "cache-7.page").exists())
        self.assertTrue(self.home.json("check")["sound"])

    def test_a_snapshot_comes_back_elsewhere_and_names_its_model(self):
        other = Home()
        self.addCleanup(other.close)
        status, out, err = other.run("restore", self.snapshot)
        self.assertEqual(status, OK, err)
        digest = json.loads((self.snapshot / "snapshot.json").read_text())["model_sha256"]
        self.assertIn(digest, out)
        self.assertIn("renvoi model add", out)
        self.assertEqual(sorted(path.name for path in other.data.iterdir()), ["collection"])
        self.assertTrue(other.json("check")["sound"])
        self.assertIn("ferry.md", other.json("search", QUESTION)["hits"][0]["address"])

    def test_a_damaged_or_half_made_snapshot_restores_nothing(self):
        shutil.rmtree(self.collection)
        for file in ("catalog.db", "index/manifest", "snapshot.json", None):
            bad = self.home.folder / "bad"
            shutil.rmtree(bad, ignore_errors=True)
            shutil.copytree(self.snapshot, bad)
            if file:
                flip(bad / file)
            else:
                (bad / "snapshot.json").unlink()
            status, _, err = self.home.run("restore", bad)
            self.assertEqual(status, CORRUPT, err)
            self.assertIn("bad", err)
            self.assertEqual(list(self.home.data.glob("collection*")), [])

    def test_beside_a_running_server(self):
        server = self.home.serve()
        self.assertTrue(self.home.json("check")["sound"])
        self.assertEqual(self.home.run("repair")[0], CONFLICT)
        more = self.home.folder / "more"
        more.mkdir(exist_ok=True)
        for number in range(60):
            (more / f"{number}.md").write_text(f"# Barrel {number}\n\nBarrel {number} holds {number * 17} litres of cider from the orchard.\n")
        status, value = server.json("POST", "/api/sources", {"address": str(more)})
        self.assertIn(status, (200, 201, 202), value)
        source = value["id"]
        snapshots = []
        while not snapshots or server.json("GET", f"/api/sources/{source}")[1]["job"]["state"] in ("queued", "running"):
            folder = self.home.folder / f"live-{len(snapshots)}"
            snapshots.append((folder, self.home.json("snapshot", folder)))
            self.assertTrue(self.home.json("check")["sound"])
            time.sleep(0.2)
        server.wait_for_job(source)
        last = self.home.folder / "live-last"
        snapshots.append((last, self.home.json("snapshot", last)))
        self.assertEqual(self.home.run("restore", last, "--force")[0], CONFLICT)
        server.process.kill()  # no clean end: SQLite's log is left behind
        server.process.wait()
        self.assertTrue(self.home.json("check")["sound"])
        self.assertEqual(self.home.json("stats")["pages"], 63)
        for folder, made in snapshots:
            report = self.home.json("restore", folder, "--force")
            self.assertEqual(report["to_read_again"], 0)
            self.assertTrue(self.home.json("check")["sound"])
            self.assertIn("ferry.md", self.home.json("search", QUESTION)["hits"][0]["address"])
            self.assertEqual(self.home.json("stats")["passages"], made["passages"])
            for path in self.home.data.glob("collection.before-restore-*"):
                shutil.rmtree(path)
        self.assertEqual(self.home.json("stats")["pages"], 63)

    def test_what_killed_writes_leave_in_the_log_of_sqlite_is_no_damage(self):
        script = ("import os, sqlite3, sys\n"
                  "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
                  "db.execute('PRAGMA cache_size=5')\n"
                  "def add(n):\n"
                  "    db.execute('BEGIN')\n"
                  "    db.executemany('INSERT INTO audit (at, reference, address, event, reason) VALUES (1, 1, ?, ?, ?)', [('a' * 900, 'e', 'r')] * n)\n"
                  "add(3); db.execute('COMMIT')\n"  # so that the log has a beginning
                  "add(int(sys.argv[2]))\n"  # frames are spilled into the log before the end
                  "if sys.argv[3] == 'commit': db.execute('COMMIT')\n"
                  "os.kill(os.getpid(), 9)\n")
        log = self.collection / "catalog.db-wal"
        for rows, end in ((400, "kill"), (2, "commit"), (300, "kill"), (1, "commit")):
            subprocess.run(["python3", "-c", script, self.collection / "catalog.db", str(rows), end])
            self.assertGreater(log.stat().st_size, 100_000)
            killed = log.read_bytes()
            report = self.home.json("check")
            self.assertEqual(report["problems"], [])
            (self.collection / "catalog.db-shm").unlink(missing_ok=True)
            log.write_bytes(killed)  # a reader that was the last to close it has emptied it

    def kill_somewhere(self, *arguments, seconds):
        process = subprocess.Popen([PROGRAM, "--data", str(self.home.data), *map(str, arguments)], env=self.home.environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL

    def test_killed_anywhere(self):
        random.seed(7)
        started = time.monotonic()
        self.home.json("snapshot", self.home.folder / "timed")
        usual = time.monotonic() - started
        killed = 0
        for number in range(12):
            folder = self.home.folder / f"killed-{number}"
            was_killed = self.kill_somewhere("snapshot", folder, seconds=random.uniform(usual / 4, usual))
            whole = (folder / "snapshot.json").exists()
            self.assertTrue(was_killed or whole)
            if folder.exists() and not whole:
                killed += 1
                self.assertEqual(self.home.run("restore", folder, "--force")[0], CORRUPT)
            self.assertTrue(self.home.json("check")["sound"])
        for number in range(12):
            self.kill_somewhere("restore", self.snapshot, "--force", seconds=random.uniform(usual / 4, usual))
            self.assertTrue(self.home.json("check")["sound"])
            self.assert_whole()
        self.home.json("restore", self.snapshot, "--force")
        self.assertEqual([path.name for path in self.home.data.glob("*.restoring")], [])


class FullDisk(unittest.TestCase):
    """Real file systems that are too small: only the root user can make them."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only the root user can mount a small file system")
        self.home = Home()
        self.addCleanup(self.home.close)
        self.home.write_notes()
        self.home.json("add", self.home.notes)

    def small(self, folder, kib):
        folder.mkdir(parents=True, exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", folder], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"no file system may be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        return folder

    def test_no_room_for_a_snapshot(self):
        wanted = sum(path.stat().st_size for path in (self.home.data / "collection").rglob("*") if path.is_file()) // 1_024
        refused = 0
        for kib in range(8, wanted + 600, max(8, wanted // 12)):
            folder = self.small(self.home.folder / f"small-{kib}", kib)
            for target in (folder, folder / "inside"):
                status, _, err = self.home.run("snapshot", target)
                if status == OK:
                    self.assertTrue((target / "snapshot.json").exists())
                    shutil.rmtree(target / "index")
                    shutil.rmtree(target / "fitted", ignore_errors=True)
                    for path in target.iterdir():
                        path.unlink()
                    continue
                refused += 1
                self.assertEqual(status, EXHAUSTED, err)
                self.assertRegex(err.lower(), "space|full")
                self.assertEqual([path.name for path in folder.iterdir() if path.name != "inside" or any(path.iterdir())], [])
        self.assertGreater(refused, 5)
        self.assertTrue(self.home.json("check")["sound"])

    def test_no_room_for_a_restore(self):
        snapshot = self.home.folder / "snapshot"
        self.home.json("snapshot", snapshot)
        wanted = sum(path.stat().st_size for path in snapshot.rglob("*") if path.is_file()) // 1_024
        refused = 0
        for kib in range(8, wanted, max(8, wanted // 8)):
            other = Home()
            self.addCleanup(other.close)
            self.small(other.data, kib)
            status, _, err = other.run("restore", snapshot)
            self.assertEqual(status, EXHAUSTED, err)
            refused += 1
            self.assertEqual([path.name for path in other.data.iterdir()], [])
        self.assertGreater(refused, 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
