#!/usr/bin/env python3
"""What the program does on real pages: extraction, adding, questions, memory. Prints a table; ratios, not promises.

Usage: measure.py RENVOI HELP_FOLDER OUT_FOLDER LLAMA_MIB [PAGES]
LLAMA_MIB is what llama.cpp alone keeps in memory with the embedding model (bench_embed --resident).
HELP_FOLDER holds HTML pages (Debian's LibreOffice help). Times depend on the machine: compare runs on one machine only.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

QUESTIONS = ["Comment insérer un tableau dans un document ?", "Comment numéroter les pages ?",
             "Comment créer une table des matières ?", "Comment protéger un document par un mot de passe ?"]


def run(*command, **kwargs):
    return subprocess.run(command, check=True, capture_output=True, text=True, **kwargs).stdout


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def main():
    renvoi, source, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    alone = float(sys.argv[4])
    wanted = int(sys.argv[5]) if len(sys.argv) > 5 else 150
    shutil.rmtree(out, ignore_errors=True)
    pages = out / "pages"
    pages.mkdir(parents=True)
    chosen = sorted(source.rglob("*.html"))[:wanted]
    for number, page in enumerate(chosen):
        shutil.copy(page, pages / f"{number:05}-{page.name}")
    source_bytes = sum(page.stat().st_size for page in pages.iterdir())

    start = time.monotonic()
    for page in list(pages.iterdir())[:50]:
        run(renvoi, "extract", str(page))
    one = (time.monotonic() - start) / 50
    print(f"extract, one process a page     {1 / one:8.1f} pages/s (start of the program included)")

    data = ["--data", str(out / "data")]
    start = time.monotonic()
    run(renvoi, *data, "add", str(pages))
    seconds = time.monotonic() - start
    stats = json.loads(run(renvoi, *data, "stats", "--json"))
    print(f"add, end to end                 {len(chosen) / seconds:8.1f} pages/s ({len(chosen)} pages, {source_bytes / 1e6:.1f} MB, {seconds:.0f} s)")
    print("stats                           ", json.dumps(stats))

    server = subprocess.Popen([renvoi, *data, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        address = next(word for line in server.stdout for word in line.split() if word.startswith("http://")).rstrip("/")
        totals = {}
        for round_number in range(3):
            for question in QUESTIONS:
                request = urllib.request.Request(address + "/api/ask", json.dumps({"question": question}).encode(),
                                                 {"content-type": "application/json"})
                begin = time.monotonic()
                answer = json.load(urllib.request.urlopen(request, timeout=60))
                if round_number == 0:
                    continue  # the first round warms caches
                for name, value in {**answer["timings_ms"], "whole": (time.monotonic() - begin) * 1e3}.items():
                    totals.setdefault(name, []).append(value)
        for name, values in totals.items():
            print(f"ask, {name:27}{sorted(values)[len(values) // 2]:8.1f} ms (median of {len(values)})")
        resident = resident_kib(server.pid) / 1024
        print(f"serve, resident memory          {resident:8.1f} MiB; llama.cpp alone with the embedding model {alone:.1f} MiB: {resident - alone:+.1f} MiB")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


if __name__ == "__main__":
    os.environ.pop("RENVOI_CONFIG", None)
    main()
