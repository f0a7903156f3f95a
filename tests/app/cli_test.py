"""The command line on a small folder and on a small site."""

import contextlib
import json
import os
import pathlib
import pty
import signal
import subprocess
import time
import unittest
import zipfile

from harness import CONFLICT, INVALID, NOT_FOUND, OK, PROGRAM, USAGE, Home, Site, page


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.home.write_notes()
        cls.added = cls.home.json("add", cls.home.notes)

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def test_add_reports_what_it_read(self):
        report = self.added["report"]
        self.assertEqual(report["documents_indexed"], 3)
        self.assertGreaterEqual(report["passages_indexed"], 3)
        self.assertEqual(report["problems"], [])
        self.assertTrue(report["complete"])
        self.assertEqual(self.added["source"]["kind"], "folder")

    def test_search_finds_the_page_that_is_meant(self):
        for query, name in (("when does the ferry sail", "ferry.md"), ("pendulum clocks", "museum.html"), ("combien de marches", "phare.md")):
            with self.subTest(query):
                hits = self.home.json("search", query)["hits"]
                self.assertTrue(hits[0]["address"].endswith("/" + name), hits)
                self.assertEqual(hits[0]["state"], "LIVE")
                self.assertIsNotNone(hits[0]["checked_at"])

    def test_search_for_people_prints_title_address_and_score(self):
        status, out, _ = self.home.run("search", "pendulum clocks", "--limit", "1")
        self.assertEqual(status, OK)
        self.assertIn("The clock museum", out)
        self.assertIn("file://", out)
        self.assertRegex(out, r"score \d\.\d+")

    def test_every_search_mode_and_filter_works(self):
        for mode in ("hybrid", "semantic", "bm25"):
            with self.subTest(mode):
                self.assertTrue(self.home.json("search", "museum", "--mode", mode)["hits"][0]["address"].endswith("museum.html"))
        hits = self.home.json("search", "port", "--language", "fr")["hits"]
        self.assertEqual({hit["language"] for hit in hits} - {"fr"}, set())
        for arguments, names in (
            (["--type", "html"], {"museum.html"}),
            (["--type", "markdown", "--lang", "fr"], {"phare.md"}),
            (["--type", "html,markdown", "--state", "LIVE", "--since", "1990"], {"museum.html", "ferry.md", "phare.md"}),
            (["--until", "1990-12"], set()),
            (["--type", "pdf"], set()),
            (["--state", "HOST_DOWN"], set()),
            (["--source", str(self.home.notes)], {"museum.html", "ferry.md", "phare.md"}),
        ):
            with self.subTest(arguments):
                hits = self.home.json("search", "museum clocks ferry phare", *arguments)["hits"]
                self.assertEqual({hit["address"].rsplit("/", 1)[1] for hit in hits}, names)
                self.assertTrue(all(hit["type"] and hit["date"] for hit in hits), hits)  # of a file: its own time
        for arguments in (["--since", "yesterday"], ["--until", "2026-02-30"], ["--since", "2026", "--until", "2025"]):
            self.assertEqual(self.home.run("search", "museum", *arguments)[0], INVALID, arguments)
        for arguments in (["--type", "galaxy"], ["--state", "GONE"]):
            self.assertEqual(self.home.run("search", "museum", *arguments)[0], USAGE, arguments)

    def test_a_domain_filters(self):
        self.assertEqual(self.home.json("search", "museum", "--domain", "example.org")["hits"], [])  # files are of none
        self.assertTrue(self.home.json("search", "museum", "--domain=-example.org")["hits"])
        status, _, err = self.home.run("search", "museum", "--domain", "example.org/path")
        self.assertEqual(status, INVALID, err)

    def test_an_answer_cites_nothing_that_the_filter_leaves_out(self):
        question = "How much does a crossing with the ferry cost?"
        self.assertTrue(self.home.json("ask", question, "--type", "markdown")["citations"])
        answer = self.home.json("ask", question, "--type", "html")
        self.assertFalse([each for each in answer["citations"] + answer["dropped"] if each["address"].endswith(".md")], answer)

    def test_ask_quotes_the_document_it_cites(self):
        answer = self.home.json("ask", "How much does a crossing with the ferry cost?", "--mode", "extractive")
        self.assertFalse(answer["abstained"], answer)
        self.assertIn("**eleven crowns**", answer["text"])
        text = (self.home.notes / "ferry.md").read_text()
        for citation in answer["citations"]:
            self.assertIn(f"[{citation['number']}]", answer["text"])
            if citation["address"].endswith("ferry.md"):
                self.assertIn(citation["quote"].strip(), " ".join(text.split()))

    def test_bold_is_for_terminals(self):
        arguments = [PROGRAM, "--data", str(self.home.data), "ask", "How much does a crossing with the ferry cost?", "--mode", "extractive"]
        bold, plain = b"costs \x1b[1meleven crowns\x1b[0m. [1]", b"costs eleven crowns. [1]"
        for variables, expected, other in (({"TERM": "xterm"}, bold, plain), ({"TERM": "xterm", "NO_COLOR": "1"}, plain, bold)):
            leader, follower = pty.openpty()
            process = subprocess.Popen(arguments, stdout=follower, stderr=subprocess.DEVNULL, env={**self.home.environment, **variables})
            os.close(follower)
            shown = b""
            with contextlib.suppress(OSError):  # the end of a terminal is an error
                while piece := os.read(leader, 65536):
                    shown += piece
            os.close(leader)
            self.assertEqual(process.wait(120), OK)
            self.assertIn(expected, shown)
            self.assertNotIn(other, shown)
        status, out, _ = self.home.run(*arguments[3:])
        self.assertEqual(status, OK)
        self.assertIn(plain.decode(), out)

    def test_ask_for_people_lists_numbered_sources(self):
        status, out, _ = self.home.run("ask", "Combien de marches compte la montée du phare ?", "--mode", "extractive")
        self.assertEqual(status, OK)
        self.assertIn("cent quarante-deux marches", out)
        self.assertIn("Sources:", out)
        self.assertIn("[1] ", out)
        self.assertIn("checked 20", out)

    def test_what_is_not_in_the_documents_is_not_answered(self):
        answer = self.home.json("ask", "What is the boiling point of tungsten carbide?", "--mode", "extractive")
        self.assertTrue(answer["abstained"], answer)
        self.assertEqual(answer["citations"], [])

    def test_stats_add_up(self):
        stats = self.home.json("stats")
        self.assertEqual(stats["pages"], 3)
        self.assertEqual(stats["references_by_state"]["LIVE"], 3)
        self.assertGreater(stats["text_bytes"], 300)
        size = stats["index_bytes"] + stats["catalog_bytes"]
        self.assertAlmostEqual(stats["bytes_per_passage"], size / stats["passages"], delta=size * 0.5 / stats["passages"])
        status, out, _ = self.home.run("stats")
        self.assertEqual(status, OK)
        for word in ("pages", "passages", "text", "index", "model"):
            self.assertIn(word, out)

    def test_sources_are_listed(self):
        sources = self.home.json("sources")["sources"]
        self.assertEqual([source["address"].rstrip("/") for source in sources], [str(self.home.notes)])
        self.assertEqual(sources[0]["pages"], 3)

    def test_why_tells_a_page_by_address_and_by_number(self):
        address = self.home.json("search", "pendulum clocks")["hits"][0]["address"]
        told = self.home.json("why", address)
        self.assertEqual((told["address"], told["state"], told["in_answers"]), (address, "LIVE", True))
        self.assertEqual([entry["event"] for entry in told["trail"]], ["added", "found"])
        self.assertEqual(self.home.json("why", str(told["id"]))["address"], address)
        status, out, _ = self.home.run("why", self.home.notes / "museum.html")
        self.assertEqual(status, OK)
        self.assertIn("in answers  yes", out)
        self.assertEqual(self.home.run("why", "https://example.org/never")[0], NOT_FOUND)

    def test_doctor_finds_nothing_wrong_and_says_so(self):
        config = self.home.folder / "doctor.toml"
        config.write_text("[server]\nport = 0\n")
        result = self.home.json("--config", config, "doctor")
        self.assertTrue(result["ok"], result)
        self.assertIn("collection", {finding["subject"] for finding in result["findings"]})

    def test_models_are_listed_with_what_their_test_said(self):
        models = self.home.json("model", "list")["models"]
        self.assertIn("multilingual-e5-small-q4_0", {model["name"] for model in models})
        self.assertTrue(all(len(model["digest"]) == 64 for model in models))


class Changing(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.home.write_notes()
        self.addCleanup(self.home.close)

    def test_sync_takes_in_what_is_new_and_forgets_what_is_gone(self):
        self.home.json("add", self.home.notes)
        (self.home.notes / "museum.html").unlink()
        (self.home.notes / "mill.md").write_text("# The tide mill\n\nThe tide mill of Port Aldric grinds barley twice a day.\n")
        report = self.home.json("sync", "--force")["sources"][0]["report"]
        self.assertEqual(report["sync"]["new_documents"], 1)
        self.assertTrue(self.home.json("search", "barley mill")["hits"][0]["address"].endswith("mill.md"))
        addresses = [hit["address"] for hit in self.home.json("search", "pendulum clocks")["hits"]]
        self.assertFalse(any(address.endswith("museum.html") for address in addresses), addresses)

    def test_remove_forgets_a_page_and_a_source(self):
        source = self.home.json("add", self.home.notes)["source"]["id"]
        gone = next(hit["address"] for hit in self.home.json("search", "pendulum clocks")["hits"] if hit["address"].endswith("museum.html"))
        self.home.json("remove", gone)
        self.assertNotIn(gone, [hit["address"] for hit in self.home.json("search", "pendulum clocks")["hits"]])
        self.home.json("remove", source)
        self.assertEqual(self.home.json("sources")["sources"], [])
        self.assertEqual(self.home.json("stats")["passages"], 0)
        status, _, err = self.home.run("remove", source)
        self.assertEqual(status, NOT_FOUND)
        self.assertIn("renvoi sources", err)

    def test_a_cited_page_that_is_gone_is_no_longer_cited_and_it_is_said_why(self):
        site = Site({"/": page("Home", "Welcome to the site of the quarry, which holds several pages about the work done there.", ["/a.html"]),
                     "/a.html": page("Quarry hours", "The quarry of Sandholm opens at nine thirty and closes at dusk, every day of the year.")})
        self.addCleanup(site.close)
        self.home.json("add", site.address + "/", "--allow-private", "--delay-ms", "0")
        question = "When does the quarry of Sandholm open?"
        before = self.home.json("ask", question, "--mode", "extractive")
        self.assertIn(site.address + "/a.html", [citation["address"] for citation in before["citations"]])
        site.pages["/a.html"] = (404, {}, b"gone")
        after = self.home.json("ask", question, "--mode", "extractive")
        self.assertNotIn(site.address + "/a.html", [citation["address"] for citation in after["citations"]])
        dropped = {each["address"]: each["reason"] for each in after["dropped"]}
        self.assertIn("404", dropped[site.address + "/a.html"])

    def test_interrupted_with_ctrl_c_the_same_command_goes_on(self):
        links = [f"/p{i}.html" for i in range(40)]
        pages = {link: page(f"Page {i}", f"This page tells about specimen number {i} of the collection and where it was found.") for i, link in enumerate(links)}
        site = Site({"/": page("Index", "All the specimens of the collection are listed on this page, one link for each.", links), **pages})
        self.addCleanup(site.close)
        command = [PROGRAM, "--data", str(self.home.data), "add", site.address + "/", "--allow-private", "--delay-ms", "100"]
        process = subprocess.Popen(command, env=self.home.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while len(site.seen) < 6 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn(b"same command goes on", err)
        report = self.home.json("add", site.address + "/", "--allow-private", "--delay-ms", "0", "--force")["report"]
        self.assertTrue(report["complete"])
        self.assertEqual(self.home.json("stats")["pages"], 41)


class FirstTier(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.home.write_notes()
        self.addCleanup(self.home.close)

    def test_without_a_table_all_is_encoded_at_once_and_fast_says_what_to_do(self):
        status, _, err = self.home.run("add", self.home.notes, "--fast")
        self.assertEqual(status, INVALID)
        self.assertIn("renvoi model distil", err)
        self.assertEqual(self.home.json("sources")["sources"], [])
        report = self.home.json("add", self.home.notes)["report"]
        self.assertEqual(report["passages_encoded"], report["passages_indexed"])
        stats = self.home.json("stats")
        self.assertFalse(stats["first_tier"])
        self.assertEqual((stats["full_tier_passages"], stats["first_tier_passages"]), (stats["passages"], 0))
        self.assertEqual(self.home.json("encode")["report"]["documents_encoded"], 0)
        hits = self.home.json("search", "clock museum", "--fast")["hits"]
        self.assertTrue(hits[0]["address"].endswith("museum.html"))
        self.assertEqual((hits[0]["tier"], hits[0]["semantic"]), ("full", 0))
        config = self.home.folder / "doctor.toml"
        config.write_text("[server]\nport = 0\n")
        findings = self.home.json("--config", config, "doctor")["findings"]
        self.assertTrue(any("optional" in each["advice"] and "distil" in each["advice"] for each in findings), findings)

    def test_distilling_stops_when_asked_and_keeps_what_is_done(self):
        self.home.json("model", "list")
        command = [PROGRAM, "--data", str(self.home.data), "model", "distil"]
        unfinished = self.home.data / "models/multilingual-e5-small-q4_0/first-tier.table.unfinished"
        process = subprocess.Popen(command, env=self.home.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 240
        while (not unfinished.exists() or unfinished.stat().st_size < 1_000_000) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn(b"goes on from here", err)
        self.assertGreater(unfinished.stat().st_size, 1_000_000)
        model = self.home.json("model", "list")["models"]
        self.assertTrue(all(each["first_tier_table_bytes"] is None for each in model))


class Extract(unittest.TestCase):
    """No model, no data folder: nothing is written."""

    def setUp(self):
        self.home = Home()
        self.home.write_notes()
        self.addCleanup(self.home.close)

    def test_a_file_gives_text_markdown_or_json(self):
        file = self.home.notes / "museum.html"
        status, out, _ = self.home.run("extract", file)
        self.assertEqual(status, OK)
        self.assertIn("four hundred pendulum clocks", out)
        self.assertNotIn("<", out)
        _, markdown, _ = self.home.run("extract", file, "--format", "markdown")
        self.assertIn("# The clock museum", markdown)
        document = json.loads(self.home.run("extract", file, "--format", "json", "--passages")[1])
        self.assertEqual(document["title"], "The clock museum")
        self.assertEqual(document["language"], "en")
        for field in ("authors", "site", "description", "licence", "types", "open_graph", "anchors", "other_languages"):
            self.assertIn(field, document)
        self.assertEqual((document["hidden_characters"], document["masked_characters"]), (0, 0))
        end = document["passages"][-1]["range"]["end"]
        self.assertLessEqual(end, len(document["text"].encode()))
        self.assertFalse(self.home.data.exists(), "extract must not create a data folder")

    def test_files_of_other_kinds_too(self):
        formats = pathlib.Path(__file__).resolve().parents[1] / "golden/formats"
        _, markdown, _ = self.home.run("extract", formats / "report.docx", "--format", "markdown")
        self.assertIn("| Nord | 20 m² | 35 € |", markdown)
        if not pathlib.Path("/usr/bin/pdftotext").exists():
            self.skipTest("pdftotext is not installed (poppler-utils)")
        document = json.loads(self.home.run("extract", formats / "reglement.pdf", "--format", "json", "--passages")[1])
        self.assertEqual([page["number"] for page in document["pages"]], [1, 2, 3])
        self.assertEqual([passage["page"] for passage in document["passages"]], [1, 2, 3])

    def test_a_file_in_an_archive(self):
        archive = self.home.folder / "all.zip"
        with zipfile.ZipFile(archive, "w") as files:
            files.write(self.home.notes / "museum.html", "inner/museum.html")
        status, out, err = self.home.run("extract", f"{archive}!/inner/museum.html")
        self.assertEqual((status, out), (OK, self.home.run("extract", self.home.notes / "museum.html")[1]), err)
        self.assertEqual(self.home.run("extract", f"{archive}!/inner/missing.html")[0], NOT_FOUND)

    def test_each_range_has_its_element(self):
        document = json.loads(self.home.run("extract", self.home.notes / "museum.html", "--format", "json", "--passages")[1])
        text = document["text"].encode()
        paths = {text[e["range"]["begin"]:e["range"]["end"]].decode(): e["path"] for e in document["elements"]}
        self.assertEqual(len(paths), len(document["elements"]))
        for path in paths.values():
            self.assertTrue(path.startswith("/html/body"), paths)
        self.assertIn(document["passages"][0]["element"], paths.values())

    def test_what_the_pages_of_a_site_all_say_is_left_out(self):
        about = "<p>Ferrum is a maker of cast iron pans, founded in 1911 and still owned by the same family.</p>"
        pages = []
        for number in range(5):
            pages.append(self.home.folder / f"page{number}.html")
            own = f"<p>The pan number {number} was presented at the fair this year, and the visitors lifted it with both hands.</p>"
            pages[-1].write_text(f"<title>Pan {number}</title><main><h1>Pan {number}</h1>{own}{about}</main>")
        alone = self.home.run("extract", pages[4])[1]
        self.assertIn("founded in 1911", alone)
        with_others = json.loads(self.home.run("extract", pages[4], "--format", "json", "--site-pages", *pages[:4])[1])
        self.assertIn("pan number 4", with_others["text"])
        self.assertNotIn("founded", with_others["text"])
        self.assertEqual((with_others["site_repeats"]["pages"], with_others["site_repeats"]["taken_blocks"]), (4, 1))
        again = json.loads(self.home.run("extract", pages[4], "--format", "json", "--site-pages", *reversed(pages[:4]))[1])
        self.assertEqual(again, with_others, "the order of the pages does not matter")
        self.assertEqual(self.home.run("extract", pages[4], "--site-pages", *pages[:3])[1], alone, "three pages are too few")
        self.assertEqual(self.home.run("extract", pages[4], "--site-pages", self.home.folder / "missing.html")[0], NOT_FOUND)

    def test_standard_input_and_a_url_give_the_same_text(self):
        status, headers, body = page("One page", "The same bytes give the same text, wherever they were read from.")
        site = Site({"/one.html": (status, headers, body)})
        self.addCleanup(site.close)
        from_input = self.home.run("extract", "-", text=body)
        from_url = self.home.run("extract", site.address + "/one.html", "--allow-private")
        self.assertEqual(from_input[0], OK, from_input)
        self.assertEqual(from_input[1], from_url[1])


class Usage(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)

    def test_help_is_there_for_every_command(self):
        status, out, _ = self.home.run("--help")
        self.assertEqual(status, OK)
        self.assertIn("Exit status", out)
        for command in ("add", "sync", "sources", "search", "ask", "serve", "stats", "remove", "extract", "eval", "model", "key", "doctor", "completion", "version"):
            with self.subTest(command):
                self.assertIn(command, out)
                status, text, _ = self.home.run(command, "--help")
                self.assertEqual(status, OK)
                self.assertIn("renvoi " + command, text)

    def test_a_wrong_command_line_ends_with_status_2_and_says_why(self):
        for arguments in ([], ["frobnicate"], ["search"], ["add", ".", "--kind", "galaxy"], ["ask", "x", "--citations", "900"], ["completion", "tcsh"]):
            with self.subTest(arguments):
                status, _, err = self.home.run(*arguments)
                self.assertEqual(status, USAGE)
                self.assertTrue(err.strip())

    def test_the_version_is_printed(self):
        self.assertRegex(self.home.run("version")[1], r"^renvoi \d+\.\d+\.\d+\n$")

    def test_completion_scripts_are_valid_for_the_shell(self):
        status, script, _ = self.home.run("completion", "bash")
        self.assertEqual(status, OK)
        words = subprocess.run(["bash", "-c", script + '\nCOMP_WORDS=(renvoi model ""); COMP_CWORD=2; _renvoi renvoi "" model; echo "${COMPREPLY[@]}"'],
                               capture_output=True, text=True, check=True).stdout.split()
        self.assertTrue({"list", "add"} <= set(words), words)
        for shell in ("zsh", "fish"):
            self.assertIn("doctor", self.home.run("completion", shell)[1])

    def test_nothing_added_yet_says_how_to_begin(self):
        for command in (["search", "x"], ["ask", "x"], ["stats"], ["sources"]):
            with self.subTest(command):
                status, _, err = self.home.run(*command)
                self.assertEqual(status, NOT_FOUND)
                self.assertIn("renvoi add", err)

    def test_keys_are_shown_once_and_kept_only_as_hashes(self):
        created = self.home.json("key", "new", "laptop", "--role", "write")
        stored = (self.home.data / "keys.json").read_text()
        self.assertNotIn(created["key"], stored)
        self.assertNotIn(created["key"][4:], stored)
        self.assertEqual(os.stat(self.home.data / "keys.json").st_mode & 0o777, 0o600)
        listed = self.home.json("key", "list")["keys"]
        self.assertEqual([(key["name"], key["role"]) for key in listed], [("laptop", "write")])
        self.assertNotIn("key", listed[0])
        self.home.json("key", "revoke", "laptop")
        self.assertEqual(self.home.json("key", "list")["keys"], [])
        self.assertEqual(self.home.run("key", "revoke", "laptop")[0], NOT_FOUND)

    def test_two_keys_of_one_name_are_told_apart_by_id(self):
        first = self.home.json("key", "new", "twin")
        self.home.json("key", "new", "twin")
        self.assertEqual(self.home.run("key", "revoke", "twin")[0], CONFLICT)
        self.home.json("key", "revoke", first["id"])
        self.assertEqual(len(self.home.json("key", "list")["keys"]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
