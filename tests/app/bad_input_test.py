"""Bad input: what, where and what to do; a status that says which kind; and nothing that was indexed is lost."""

import json
import os
import socket
import subprocess
import threading
import unittest

from harness import (CONFLICT, CORRUPT, DENIED, EXHAUSTED, INVALID, MODELS, NOT_FOUND, OK, PROBLEMS, UNAVAILABLE, Home, Site, page,
                     self_signed_certificate)

FAILURES = {INVALID, NOT_FOUND, DENIED, UNAVAILABLE, EXHAUSTED}


class BadSources(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.home.write_notes()
        cls.home.json("add", cls.home.notes)
        cls.before = cls.home.json("stats")

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def tearDown(self):
        after = self.home.json("stats")
        self.assertEqual((after["pages"], after["passages"], after["sources"]), (self.before["pages"], self.before["passages"], self.before["sources"]),
                         "what was indexed must be as it was")

    def refused(self, statuses, *arguments, words=()):
        status, out, err = self.home.run(*arguments)
        self.assertIn(status, statuses, f"{arguments}\n{out}\n{err}")
        for word in words:
            self.assertIn(word.lower(), err.lower())
        return err

    def file(self, name, content):
        path = self.home.folder / name
        path.write_bytes(content)
        return path

    def site(self, pages, certificate=None):
        site = Site(pages, certificate)
        self.addCleanup(site.close)
        return site

    def test_a_path_that_is_not_there(self):
        self.refused({NOT_FOUND}, "add", self.home.folder / "nowhere", words=["nowhere"])

    def test_a_scheme_that_is_not_read(self):
        self.refused({INVALID, NOT_FOUND}, "add", "gopher://example.org/", words=["gopher"])

    def test_a_url_with_a_password(self):
        err = self.refused({INVALID}, "add", "http://me:hunter2@example.org/")
        self.assertNotIn("hunter2", err)

    def test_an_empty_file(self):
        self.refused(FAILURES, "add", self.file("empty.txt", b""), words=["empty.txt"])

    def test_a_binary_file(self):
        self.refused(FAILURES, "add", self.file("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20), words=["picture.txt"])

    def test_a_damaged_pdf_says_so(self):
        self.refused({CORRUPT, UNAVAILABLE}, "extract", self.file("paper.pdf", b"%PDF-1.7\n" + b"\x00" * 500), words=["paper.pdf", "pdf"])

    @unittest.skipIf(os.geteuid() == 0, "the root user can read every file")
    def test_an_unreadable_file(self):
        path = self.file("secret.md", b"# Secret\n\nNobody may read this.\n")
        path.chmod(0)
        self.refused(FAILURES, "add", path, words=["secret.md"])

    def test_an_enormous_file(self):
        config = self.home.folder / "small.toml"
        config.write_text("[fetch]\nmax_body_bytes = 100000\n")
        path = self.file("enormous.txt", b"All work and no play makes Jack a dull boy. " * 20_000)
        err = self.refused(FAILURES, "--config", config, "extract", path, words=["enormous.txt", "100000"])
        self.assertTrue(err)
        self.refused(FAILURES, "--config", config, "add", path, words=["enormous.txt"])

    def test_an_enormous_page(self):
        config = self.home.folder / "small.toml"
        config.write_text("[fetch]\nmax_body_bytes = 100000\n")
        site = self.site({"/big.html": page("Big", "word " * 100_000)})
        self.refused({EXHAUSTED}, "--config", config, "extract", site.address + "/big.html", "--allow-private")

    def test_an_address_of_this_machine_is_refused_unless_allowed(self):
        site = self.site({"/": page("Private", "This page is for the people of this house only.")})
        for command in ("add", "extract"):
            with self.subTest(command):
                err = self.refused({DENIED, INVALID}, command, site.address + "/")
                self.assertIn("127.0.0.1", err)
                self.assertIn("private", err.lower())
        self.assertEqual(site.seen, [], "nothing may be sent to it")

    def test_a_redirect_loop(self):
        site = self.site({"/a": (302, {"Location": "/b"}, b""), "/b": (302, {"Location": "/a"}, b"")})
        self.refused(FAILURES, "extract", site.address + "/a", "--allow-private", words=["redirect"])
        self.refused(FAILURES, "add", site.address + "/a", "--kind", "url", "--allow-private", "--delay-ms", "0")

    def test_a_tls_certificate_that_nobody_vouches_for(self):
        site = self.site({"/": page("Hello", "This page is behind a certificate that nobody signed.")}, self_signed_certificate(self.home.folder))
        self.refused({UNAVAILABLE}, "extract", site.address + "/", "--allow-private", words=["certificate"])
        config = self.home.folder / "ca.toml"
        config.write_text(f"[fetch]\nca_bundle = '{self.home.folder / 'certificate.pem'}'\n")
        status, out, err = self.home.run("--config", config, "extract", site.address + "/", "--allow-private")
        self.assertEqual(status, OK, err)
        self.assertIn("nobody signed", out)

    def test_a_server_that_refuses_connections(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.refused({UNAVAILABLE}, "extract", f"http://127.0.0.1:{port}/", "--allow-private")

    def test_a_server_that_says_nothing(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            held = []
            thread = threading.Thread(target=lambda: held.append(silent.accept()), daemon=True)
            thread.start()
            config = self.home.folder / "fast.toml"
            config.write_text("[fetch]\ntotal_timeout_ms = 500\n")
            self.refused({UNAVAILABLE}, "--config", config, "extract", f"http://127.0.0.1:{silent.getsockname()[1]}/", "--allow-private")
            for connection, _ in held:
                connection.close()

    def test_a_page_that_is_not_there(self):
        site = self.site({})
        self.refused({NOT_FOUND}, "extract", site.address + "/none.html", "--allow-private", words=["404"])

    def test_empty_and_overlong_questions(self):
        self.refused({INVALID}, "search", "")
        self.refused({INVALID}, "search", "long " * 3_000)
        self.refused({INVALID}, "ask", " ")

    def test_a_source_that_is_not_known(self):
        self.refused({NOT_FOUND}, "search", "ferry", "--source", "99", words=["99"])

    def test_errors_are_json_when_asked_for(self):
        status, out, err = self.home.run("--json", "search", "")
        self.assertEqual(status, INVALID)
        self.assertEqual(out, "")
        self.assertEqual(json.loads(err)["error"]["code"], "invalid")


class BadConfiguration(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)

    def test_each_mistake_is_named_with_its_line(self):
        file = self.home.folder / "bad.toml"
        for text, words in (("[server]\nport = 8080\nprot = 1\n", ["bad.toml:3", "prot", "port"]), ("[sever]\nport = 1\n", ["bad.toml:1", "sever"]),
                            ("[server]\nport = \"80\"\n", ["bad.toml:2", "whole number"]), ("[server]\nport = 70000\n", ["bad.toml:2", "65535"]),
                            ("[answer]\nmode = 'poetic'\n", ["bad.toml:2", "extractive"]), ("this is not toml", ["bad.toml:1"])):
            with self.subTest(text):
                file.write_text(text)
                status, _, err = self.home.run("--config", file, "model", "list")
                self.assertEqual(status, INVALID)
                for word in words:
                    self.assertIn(word, err)

    def test_a_file_that_was_asked_for_must_exist(self):
        status, _, err = self.home.run("--config", self.home.folder / "none.toml", "model", "list")
        self.assertEqual(status, NOT_FOUND)
        self.assertIn("none.toml", err)

    def test_the_environment_names_the_file_too(self):
        file = self.home.folder / "env.toml"
        file.write_text("nonsense = 1\n")
        status, _, err = self.home.run("model", "list", environment={"RENVOI_CONFIG": str(file)})
        self.assertEqual(status, INVALID)
        self.assertIn("nonsense", err)


class BadModels(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.home.write_notes()
        self.addCleanup(self.home.close)

    def add(self, name, content):
        path = self.home.folder / name
        path.write_bytes(content)
        return self.home.run("model", "add", path)

    def test_a_foreign_file_and_a_truncated_model_are_refused(self):
        status, _, err = self.add("foreign.gguf", b"PK\x03\x04" + b"x" * 1000)
        self.assertEqual(status, INVALID)
        self.assertIn("foreign.gguf", err)
        whole = MODELS / "multilingual-e5-small-q4_0.gguf"
        with open(whole, "rb") as file:
            status, _, err = self.add("short.gguf", file.read(100_000))
        self.assertIn(status, {CORRUPT, INVALID})
        self.assertIn("short.gguf", err)
        status, _, _ = self.home.run("model", "add", self.home.folder / "none.gguf")
        self.assertEqual(status, NOT_FOUND)
        self.assertEqual(self.home.json("model", "list")["models"], [])

    def test_a_model_that_changed_on_disk_is_found_by_the_doctor(self):
        self.home.json("add", self.home.notes)
        file = next((self.home.data / "models" / "multilingual-e5-small-q4_0").glob("*.gguf"))
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        file.unlink()  # it is linked to the one that came with the program
        file.write_bytes(content)
        config = self.home.folder / "doctor.toml"
        config.write_text("[server]\nport = 0\n")
        status, out, _ = self.home.run("--config", config, "doctor")
        self.assertEqual(status, PROBLEMS)
        self.assertIn("failure", out)
        self.assertIn("renvoi model add", out)

    def test_an_index_of_another_model_is_refused_and_kept(self):
        self.home.json("add", self.home.notes)
        manifest = self.home.data / "models" / "multilingual-e5-small-q4_0" / "manifest.json"
        original = manifest.read_text()
        digest = json.loads(original)["sha256"]
        manifest.write_text(original.replace(digest, digest[::-1]))
        for command in (["search", "ferry"], ["add", str(self.home.notes)]):
            status, _, err = self.home.run(*command)
            self.assertEqual(status, CONFLICT, err)
            self.assertIn("model", err)
        manifest.write_text(original)
        self.assertTrue(self.home.json("search", "ferry")["hits"])


class BadIndex(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.home.write_notes()
        self.addCleanup(self.home.close)
        self.home.json("add", self.home.notes)
        self.index = self.home.data / "collection" / "index"

    def test_a_damaged_index_is_told_never_served(self):
        for file in self.index.rglob("*"):
            if file.is_file() and file.stat().st_size > 200:
                content = bytearray(file.read_bytes())
                for at in range(16, len(content), 64):
                    content[at] ^= 0x5A
                file.write_bytes(content)
        status, _, err = self.home.run("search", "ferry")
        self.assertIn(status, {CORRUPT, INVALID}, err)
        self.assertTrue(err.strip())

    def test_a_catalogue_that_is_something_else(self):
        (self.home.data / "collection" / "catalog.db").write_bytes(b"This is not a database. " * 300)
        for suffix in ("-wal", "-shm"):
            (self.home.data / "collection" / ("catalog.db" + suffix)).unlink(missing_ok=True)
        status, _, err = self.home.run("stats")
        self.assertEqual(status, CORRUPT)
        self.assertIn("catalog.db", err)

    def test_a_second_writer_is_refused_and_readers_are_not(self):
        server = self.home.serve()
        status, _, err = self.home.run("add", self.home.notes)
        self.assertEqual(status, CONFLICT)
        self.assertIn(str(server.process.pid), err)
        self.assertIn("/api/sources", err)
        self.assertEqual(self.home.run("sync")[0], CONFLICT)
        self.assertTrue(self.home.json("search", "ferry")["hits"])
        self.assertFalse(self.home.json("ask", "How much does a crossing with the ferry cost?", "--mode", "extractive")["abstained"])
        self.assertEqual(self.home.json("stats")["pages"], 3)

    def test_a_port_in_use(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            status, _, err = self.home.run("serve", "--port", port)
        self.assertEqual(status, CONFLICT)
        self.assertIn(str(port), err)

    def test_no_exposed_server_without_a_key(self):
        status, _, err = self.home.run("serve", "--address", "0.0.0.0", "--port", "0")
        self.assertEqual(status, DENIED)
        self.assertIn("renvoi key new", err)


class FullDisk(unittest.TestCase):
    """A real file system of two megabytes: only the root user can make one."""

    SIZE_KIB = 2_048

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only the root user can mount a small file system")
        self.home = Home()
        self.collection = self.home.data / "collection"
        self.collection.mkdir(parents=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.SIZE_KIB}k", "tmpfs", self.collection], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.home.close()
            self.skipTest(f"no file system may be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(self.home.close)
        self.addCleanup(subprocess.run, ["umount", "-l", self.collection], check=True)

    def test_a_full_disk_is_told_and_what_was_indexed_stays(self):
        self.home.write_notes()
        self.home.json("add", self.home.notes)
        before = self.home.json("stats")
        ballast = self.collection / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4_096))
            except OSError:
                pass
        more = self.home.folder / "more"
        more.mkdir()
        for number in range(40):
            (more / f"{number}.md").write_text(f"# Page {number}\n\n" + f"Barrel {number} holds {number * 17} litres of cider from the orchard. " * 40)
        status, _, err = self.home.run("add", more)
        self.assertEqual(status, EXHAUSTED, err)
        self.assertRegex(err.lower(), "space|full")
        ballast.unlink()
        after = self.home.json("stats")
        self.assertEqual((after["pages"], after["passages"]), (before["pages"], before["passages"]))
        self.assertIn("ferry.md", self.home.json("search", "How much does the ferry cost?")["hits"][0]["address"])
        self.home.json("add", more)
        self.assertEqual(self.home.json("stats")["pages"], before["pages"] + 40)


if __name__ == "__main__":
    unittest.main(verbosity=2)
