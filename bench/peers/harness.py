"""Starts peers, gives each its turn, and writes tables: what measure_terms.py and measure_vectors.py share."""
import json
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "peers"
HERE = Path(__file__).resolve().parent


def environment(**more):
    """One thread, and no OpenBLAS kernel chosen from outside; `more` adds to that."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    return {**own, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **more}


class Peer:
    """A peer that serves: says its facts first, then runs every query once for each line it gets."""

    def __init__(self, name, command, env=None):
        self.name = name
        with open(WORK / "peers.log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log, text=True, env=env or environment())
        self.facts = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            raise SystemExit(f"{self.name} ended before it answered (exit status {status}): {WORK}/peers.log")
        return json.loads(line)

    def round(self, setting=""):
        self.process.stdin.write((setting if isinstance(setting, str) else json.dumps(setting)) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def built(path, stamp, command, env=None):
    """Builds an index unless it is there with the same stamp. Returns the seconds that took, from the first time."""
    note = Path(f"{path}.built")
    if note.exists():
        saved = json.loads(note.read_text(encoding="utf-8"))
        if saved["stamp"] == stamp:
            return saved["seconds"]
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():  # of other data
        shutil.rmtree(path)
    print(f"    building {path.name}", flush=True)
    start = time.monotonic()
    with open(WORK / "peers.log", "a", encoding="utf-8") as log:
        subprocess.run([str(part) for part in command], check=True, env=env, stderr=log)
    seconds = time.monotonic() - start
    note.write_text(json.dumps({"stamp": stamp, "seconds": seconds}), encoding="utf-8")
    return seconds


def size_of(path):
    path = Path(path)
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def per_query(rounds):
    """The median of a query's times over the rounds."""
    return [statistics.median(times) for times in zip(*rounds)]


def machine():
    info = Path("/proc/cpuinfo").read_text(encoding="ascii")
    model = next(line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name"))
    memory = int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1]) / 2**20
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB; load {os.getloadavg()[0]:.1f} at the end"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" for _ in head) + "|"]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def write_report(name, facts, text):
    (WORK / f"{name}.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    (WORK / f"{name}.md").write_text(text + "\n", encoding="utf-8")
    print(text, flush=True)
