"""What the tests beside this share: a server over a small site (tests/e2e/world.py), and programs that use it."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from world import WithWorld as OneWorld, World  # noqa: E402, F401

QUESTION = "How long may a book be kept?"
ANSWER = "twenty-one days"


class WithWorld(OneWorld):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = cls.world.site.address + "/en/loans.html"

    def get(self, path, headers=None):
        status, _, data = self.world.request(path, None, headers)
        return status, json.loads(data)

    def post(self, path, body, headers=None):
        status, _, data = self.world.request(path, body, headers)
        return status, json.loads(data) if data else None


def restart_with_key(world):
    """The server again, with a key needed; gives one that may read."""
    world.process.terminate()
    world.process.wait()
    config = pathlib.Path(world.command[2])
    config.write_text(config.read_text().replace("[server]\n", "[server]\nrequire_key = true\n"))
    key = json.loads(world.run("--json", "key", "new", "reader", "--role", "read"))["key"]
    world.process = subprocess.Popen([*world.command, "serve"], stdout=world.log, stderr=world.log, env=world.environment)
    world.wait_until_ready()
    return key


def run_node(script, *arguments):
    """The last line that the script prints, as JSON. Packages are those of .deps/node-clients."""
    node_modules = pathlib.Path(os.environ["RENVOI_NODE_CLIENTS"]) / "node_modules"
    # Node looks for packages beside the script, wherever a link to it is.
    folder = node_modules.parent / "scripts"
    folder.mkdir(exist_ok=True)
    copy = folder / script
    shutil.copyfile(HERE / script, copy)
    done = subprocess.run(["node", str(copy), *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"{script}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])
