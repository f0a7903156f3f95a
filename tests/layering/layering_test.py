"""The rooms use only what DESIGN section 4 lets them use, and the check that says so does see a breach."""

import pathlib
import tempfile
import unittest

import layering
from rooms import MAX_LINES_OF_A_FILE, MAY_USE

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Layering(unittest.TestCase):
    def test_every_room_uses_only_what_it_may(self):
        self.assertEqual(layering.check(ROOT), [])

    def test_the_project_was_really_read(self):
        self.assertGreater(len(layering.sources_under(ROOT / "src")), 40)

    def test_rooms_reach_what_their_rooms_use(self):
        reached = layering.closure(MAY_USE)
        self.assertIn("base", reached["answer"])
        self.assertNotIn("model", reached["crawl"])
        self.assertNotIn("crawl", reached["search"])

    def test_a_cycle_in_the_table_is_refused(self):
        with self.assertRaises(ValueError):
            layering.closure({"a": ["b"], "b": ["a"]})


class PlantedBreaches(unittest.TestCase):
    """Each breach, alone in a tree that is otherwise clean, is found and named."""

    def problems_of(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {"src/base/result.h": "#include <string>\n", **files}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return layering.check(root)

    def assert_found(self, files, *words):
        problems = self.problems_of(files)
        self.assertTrue(any(all(word in problem for word in words) for problem in problems), problems)

    def test_a_clean_tree_has_no_problem(self):
        self.assertEqual(self.problems_of({
            "src/model/a.cpp": '#include <llama.h>\n#include "base/result.h"\n#include "net/x.h"\n',
            "src/net/x.h": "#include <sys/socket.h>\n#include <curl/curl.h>\n// never getenv( here\n",
            "src/catalog/c.cpp": '#include <sqlite3.h>\n/* #include "answer/answer.h" */\n'}), [])

    def test_a_room_above(self):
        self.assert_found({"src/base/a.h": '#include "io/b.h"\n', "src/io/b.h": ""}, "src/base/a.h:1", "base may not use io")

    def test_a_room_beside(self):
        self.assert_found({"src/search/a.cpp": '#include "crawl/b.h"\n', "src/crawl/b.h": ""}, "search may not use crawl")

    def test_a_room_above_by_a_relative_path(self):
        self.assert_found({"src/text/a.cpp": '\n#include "../model/b.h"\n', "src/model/b.h": ""}, "a.cpp:2", "text may not use model")

    def test_a_relative_path_out_of_src(self):
        self.assert_found({"src/text/a.cpp": '#include "../../apps/b.h"\n'}, "outside src")

    def test_a_cycle_between_folders(self):
        self.assert_found({"src/io/a.h": '#include "base/result.h"\n', "src/base/b.h": '#include "io/a.h"\n'}, "cycle", "->")

    def test_the_program_in_a_room(self):
        self.assert_found({"src/answer/a.cpp": '#include "apps/renvoi/main.h"\n'}, "includes the program")

    def test_a_room_that_is_not_in_the_table(self):
        self.assert_found({"src/helpers/a.h": ""}, "src/helpers", "not in the table")

    def test_reserved_libraries_outside_their_room(self):
        for text, owner in [("#include <llama.h>", "model"), ("#include <ggml-cpu.h>", "model"), ("#include <sqlite3.h>", "catalog"),
                            ("#include <sys/socket.h>", "net"), ("#include <netinet/in.h>", "net"), ("#include <curl/curl.h>", "net"),
                            ("# include <boost/beast.hpp>", "net"), ("#include <boost/asio/awaitable.hpp>", "net")]:
            self.assert_found({"src/index/a.cpp": text + "\n"}, "src/index/a.cpp:1", f"belongs to {owner} only")

    def test_the_environment_in_a_room(self):
        self.assert_found({"src/net/a.cpp": 'auto x = std::getenv("HOME");\n'}, "belongs to apps only")

    def test_a_file_that_is_too_long(self):
        self.assert_found({"apps/renvoi/a.cpp": "\n" * (MAX_LINES_OF_A_FILE + 1)}, "601 lines")


if __name__ == "__main__":
    unittest.main()
