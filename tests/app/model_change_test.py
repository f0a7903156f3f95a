"""A change of the embedding model, from outside: the old one serves until the new one's index is complete."""

import random
import shutil
import subprocess
import threading
import time
import unittest
from pathlib import Path

from harness import CONFLICT, MODELS, NOTES, OK, PROGRAM, Home

FIRST, SECOND = "multilingual-e5-small-q4_0", "second"


def second_model(folder):
    """The same weights under another name inside: another digest, so another model."""
    content = bytearray((MODELS / f"{FIRST}.gguf").read_bytes())
    at = content.index(b"multilingual-e5-small", 0, 10_000)
    content[at:at + 5] = b"MULTI"
    file = folder / "second.gguf"
    file.write_bytes(content)
    return file


class ModelChange(unittest.TestCase):
    notes = NOTES

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)
        self.home.write_notes(self.notes)
        self.home.json("add", self.home.notes)
        self.home.json("model", "add", second_model(self.home.folder), "--name", SECOND, "--no-probe")
        for name in (FIRST, SECOND):
            (self.home.folder / f"{name}.toml").write_text(f"[embed]\nmodel = '{name}'\n[server]\nport = 0\n")

    def by(self, name, *arguments):
        return self.home.json("--config", self.home.folder / f"{name}.toml", *arguments)

    def assert_all_found(self, found):
        self.assertTrue(found["hits"][0]["address"].endswith("museum.html"), found)

    @property
    def next_index(self):
        return self.home.data / "collection/index-next"


class Commands(ModelChange):
    def test_encode_changes_the_model_and_until_then_the_old_one_answers(self):
        # A second model in the store changes nothing by itself.
        stats = self.home.json("stats")
        self.assertEqual((stats["embedding_model"]["name"], stats["model_change"]), (FIRST, None))
        self.home.json("sync", "--force")
        self.assertFalse(self.next_index.exists())

        self.assert_all_found(self.by(SECOND, "search", "pendulum clocks"))
        self.by(SECOND, "sync")
        stats = self.by(SECOND, "stats")
        self.assertEqual(stats["embedding_model"]["name"], FIRST)
        change = stats["model_change"]
        self.assertEqual((change["model"]["name"], change["pages_done"], change["pages_waiting"]), (SECOND, 0, len(NOTES)))
        _, text, _ = self.home.run("--config", self.home.folder / f"{SECOND}.toml", "stats")
        self.assertIn(f"change      to {SECOND}", text)
        findings = {each["subject"]: each for each in self.by(SECOND, "doctor")["findings"]}
        self.assertIn("0 of 3 pages", findings["change of the model"]["detail"])
        # Without embed.model what was begun goes on.
        self.assertEqual(self.home.json("stats")["model_change"]["model"]["name"], SECOND)

        (self.home.notes / "ferry.md").unlink()
        (self.home.notes / "harbour.md").write_text("# The harbour\n\nThe harbour of Port Aldric is dredged in October.\n")
        encoded = self.by(SECOND, "encode")
        self.assertTrue(encoded["switched"], encoded)
        self.assertEqual((encoded["report"]["documents_encoded"], encoded["model_change_pages_waiting"]), (2, 0))
        self.assertFalse(self.next_index.exists())
        stats = self.by(SECOND, "stats")
        self.assertEqual((stats["embedding_model"]["name"], stats["model_change"], stats["pages"]), (SECOND, None, 2))
        self.assert_all_found(self.by(SECOND, "search", "pendulum clocks"))
        self.assertIn("Tuesdays", self.by(SECOND, "ask", "When is the clock museum closed?", "--mode", "extractive")["text"])
        self.assertEqual(self.home.json("stats")["embedding_model"]["name"], SECOND)  # the collection decides
        self.assertTrue(self.home.json("check")["sound"])
        self.by(SECOND, "sync")
        self.assertEqual(self.by(SECOND, "stats")["pages"], 3)

    def test_the_old_model_can_be_returned_to_before_the_switch(self):
        self.by(SECOND, "sync")
        self.assertTrue(self.next_index.exists())
        self.by(FIRST, "sync")
        self.assertFalse(self.next_index.exists())
        stats = self.home.json("stats")
        self.assertEqual((stats["embedding_model"]["name"], stats["model_change"]), (FIRST, None))
        self.assert_all_found(self.home.json("search", "pendulum clocks"))

    def test_without_the_old_model_it_is_said_what_to_do(self):
        shutil.rmtree(self.home.data / "models" / FIRST)
        for command in (["search", "clocks"], ["sync"]):
            status, _, err = self.home.run("--config", self.home.folder / f"{SECOND}.toml", *command)
            self.assertEqual(status, CONFLICT, err)
            self.assertIn("renvoi model add", err)
            self.assertIn("collection/index", err)
        # What it says helps.
        shutil.move(self.home.data / "collection/index", self.home.folder / "old-index")
        self.by(SECOND, "sync")
        self.assert_all_found(self.by(SECOND, "search", "pendulum clocks"))
        self.assertEqual(self.by(SECOND, "stats")["embedding_model"]["name"], SECOND)


class Killed(ModelChange):
    notes = {**NOTES, **{f"page-{i}.md": f"# Page {i}\n\nThis is page {i} of a collection about the number {i * 7919}.\n" for i in range(60)}}

    def test_kill_9_at_any_moment_and_it_goes_on(self):
        random.seed(5)
        done, kills = 0, 0
        command = [PROGRAM, "--json", "--config", str(self.home.folder / f"{SECOND}.toml"), "--data", str(self.home.data), "encode"]
        # A fast machine must be interrupted too: the first waits are shorter than any start, each next one longer.
        for patience in [0.03 * 1.4**i * random.uniform(0.8, 1.2) for i in range(16)] + [240]:  # the last one may end
            process = subprocess.Popen(command, env=self.home.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                _, err = process.communicate(timeout=patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
                stats = self.by(SECOND, "stats")
                self.assertEqual(stats["pages"], len(self.notes))
                if stats["model_change"] is not None:
                    self.assertGreaterEqual(stats["model_change"]["pages_done"], done)
                    done = stats["model_change"]["pages_done"]
                continue
            self.assertEqual(process.returncode, OK, err)
            break
        self.assert_all_found(self.by(SECOND, "search", "pendulum clocks"))
        stats = self.by(SECOND, "stats")
        self.assertEqual((stats["embedding_model"]["name"], stats["pages"]), (SECOND, len(self.notes)))
        self.assertGreater(kills, 0)
        self.assertTrue(self.home.json("check")["sound"])


class Serving(ModelChange):
    notes = Killed.notes

    def test_a_server_answers_before_during_and_after_the_switch(self):
        server = self.home.serve(config=f"[embed]\nmodel = '{SECOND}'\n[answer]\nmode = 'extractive'\n")
        stop, failures, models = threading.Event(), [], set()

        def ask():
            while not stop.is_set():
                status, found = server.json("GET", "/api/search?q=pendulum%20clocks&limit=3")
                if status != 200 or not found["hits"] or not found["hits"][0]["address"].endswith("museum.html"):
                    failures.append((status, found))
                status, answer = server.json("POST", "/api/ask", {"question": "When is the clock museum closed?"})
                if status != 200 or "Tuesdays" not in answer["text"]:
                    failures.append((status, answer))
                time.sleep(0.2)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            deadline = time.monotonic() + 240
            added = None
            while time.monotonic() < deadline:
                stats = server.json("GET", "/api/stats")[1]
                models.add(stats["embedding_model"]["name"])
                if stats["model_change"] is None:
                    break
                if added is None and stats["model_change"]["pages_done"] > 5:
                    more = self.home.folder / "more"
                    more.mkdir()
                    (more / "late.md").write_text("# Late\n\nA page about quinces that came while the model changed.\n")
                    status, added = server.json("POST", "/api/sources", {"address": str(more)})
                    self.assertEqual(status, 202, added)
                    beside = self.by(SECOND, "search", "pendulum clocks")  # another process
                    self.assert_all_found(beside)
                time.sleep(0.2)
            time.sleep(1)
        finally:
            stop.set()
            asking.join()
        self.assertEqual(failures, [])
        self.assertEqual(models, {FIRST, SECOND})
        stats = server.json("GET", "/api/stats")[1]
        self.assertEqual((stats["embedding_model"]["name"], stats["pages"]), (SECOND, len(self.notes) + 1))
        self.assertIn("late.md", server.json("GET", "/api/search?q=quinces")[1]["hits"][0]["address"])
        # The old model's memory has been given back: its file is mapped no more.
        mapped = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
        self.assertIn(f"models/{SECOND}/", mapped)
        self.assertNotIn(f"models/{FIRST}/", mapped)
        self.assertEqual(server.stop(), 0)
        self.assertTrue(self.home.json("check")["sound"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
