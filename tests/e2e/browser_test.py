"""The page at / in a real browser: starts the world, then lets browser.mjs drive Chromium."""

import os
import pathlib
import shutil
import subprocess
import unittest

from world import ROOT, World


class Page(unittest.TestCase):
    def test_the_page_in_chromium(self):
        node, browser = shutil.which("node"), pathlib.Path("/usr/bin/chromium")
        if not browser.exists() or node is None:
            self.skipTest("needs /usr/bin/chromium and node: run ./dev setup")
        pictures = pathlib.Path(os.environ.get("RENVOI_PICTURES", ROOT / "build" / "screenshots"))
        pictures.mkdir(parents=True, exist_ok=True)
        with World() as world:
            status, headers, _ = world.request("/")
            self.assertEqual(status, 200)
            policy = headers["Content-Security-Policy"]
            self.assertRegex(policy, r"default-src '(none|self)'")
            self.assertNotIn("unsafe", policy)
            self.assertNotIn("http", policy)
            done = subprocess.run(
                [node, str(pathlib.Path(__file__).with_name("browser.mjs")), world.address, world.site.address,
                 str(world.site.taken_away_file), str(pictures)], timeout=180, text=True, capture_output=True)
            print(done.stdout)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
