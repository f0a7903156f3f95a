"""Pages a second of our fetch path beside Scrapy's, against nginx on loopback. Usage: measure.py PAGES ROUNDS SCRAPY_PYTHON
200 host names at 127.0.0.1 to 127.0.0.200 serve the real pages of shared/eval/html-scrapinghub (174 KB on average, 34 KB
as they go over the wire, gzipped). All run on the same cores, nginx too. Writes build/fetch/fetch.md and .json."""
import gzip
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "peers"))
from harness import machine, table  # noqa: E402

WORK = ROOT / "build" / "fetch"
HERE = Path(__file__).resolve().parent
OURS = ROOT / "build" / os.environ.get("RENVOI_BENCH_PRESET", "release") / "bench" / "fetch" / "bench_fetch"
HOSTS = 200
AT_ONCE = 32
CONFIGURATION = """daemon off; master_process off; error_log {work}/nginx.log; pid {work}/nginx.pid;
events {{ worker_connections 2048; }}
http {{
  access_log off; default_type text/plain; types {{ text/html html; }}
  sendfile on; tcp_nopush on; open_file_cache max=1000; keepalive_requests 1000000; keepalive_timeout 75;
  client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  server {{ {listen} root {work}/{root}; gzip_static on; }}
}}
"""


def lay_pages():
    """Two sites of the same pages: one sends them compressed to whoever asks for it, one as they are."""
    names = []
    for site in ("gzipped", "plain"):
        (WORK / site).mkdir(parents=True, exist_ok=True)
        (WORK / site / "robots.txt").write_text("User-agent: *\nDisallow: /private/\n", encoding="ascii")
    for number, file in enumerate(sorted((ROOT.parent / "shared" / "eval" / "html-scrapinghub" / "html").glob("*.html.gz"))):
        names.append(f"{number}.html")
        packed = file.read_bytes()
        for site in ("gzipped", "plain"):
            (WORK / site / names[-1]).write_bytes(gzip.decompress(packed))
        (WORK / "gzipped" / (names[-1] + ".gz")).write_bytes(packed)
    return names


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    def __init__(self, root, port):
        listen = " ".join(f"listen 127.0.0.{n}:{port};" for n in range(1, HOSTS + 1))
        file = WORK / f"{root}.conf"
        file.write_text(CONFIGURATION.format(work=WORK, listen=listen, root=root), encoding="ascii")
        self.process = subprocess.Popen(["nginx", "-c", str(file)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex((f"127.0.0.{HOSTS}", port)) == 0:
                    return
            time.sleep(0.02)
        raise SystemExit(f"nginx did not start: {WORK}/nginx.log")

    def close(self):
        self.process.terminate()
        self.process.wait()


def lay_addresses(names, port, count):
    (WORK / "hosts.txt").write_text("".join(f"host{n}.test 127.0.0.{n}\n" for n in range(1, HOSTS + 1)), encoding="ascii")
    lines = [f"http://host{i % HOSTS + 1}.test:{port}/{names[(i // HOSTS * 7 + i % HOSTS) % len(names)]}?{i // HOSTS}\n" for i in range(count)]
    (WORK / "urls.txt").write_text("".join(lines), encoding="ascii")


def run(command, mode):
    done = subprocess.run([*command, mode, WORK / "hosts.txt", WORK / "urls.txt", str(AT_ONCE)], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0 or not done.stdout.strip():
        raise SystemExit(f"{command[-1]} {mode}: status {done.returncode}\n{done.stdout}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    count, rounds, python = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    peers = {"renvoi": [OURS]}
    if python != "none":
        peers["Scrapy 2.19.0"] = [python, "-B", HERE / "fetch_scrapy.py"]
    names = lay_pages()
    modes = [("plain", "fetch"), ("gzipped", "fetch"), ("gzipped", "conditional"), ("gzipped", "extract"), ("gzipped", "sync")]
    found = {}
    for root in ("plain", "gzipped"):
        port = free_port()
        nginx = Nginx(root, port)
        try:
            lay_addresses(names, port, count)
            for turn in range(rounds):
                for site, mode in modes:
                    for name, command in peers.items():
                        if site == root and not (mode == "sync" and name != "renvoi"):
                            found.setdefault((site, mode, name), []).append(run(command, mode))
        finally:
            nginx.close()
    rows = []
    for (site, mode, name), runs in found.items():
        assert all(one["pages"] + one["unchanged"] == count for one in runs) or mode == "sync", (site, mode, name, runs)
        rate = statistics.median(one["per_s"] for one in runs)
        ours = statistics.median(one["per_s"] for one in found[site, mode, "renvoi"])
        cpu_us, our_us = (statistics.median(one["cpu_s"] / count * 1e6 for one in some)
                          for some in (runs, found[site, mode, "renvoi"]))
        rows.append([f"{mode}, {site}", name, f"{rate:.0f}", f"{ours / rate:.1f}", f"{cpu_us:.0f}", f"{our_us / cpu_us:.2f}",
                     f"{runs[0]['bytes'] / 2**20 / runs[0]['seconds']:.0f}"])
    text = f"{count} pages of {HOSTS} hosts, {AT_ONCE} at once, median of {rounds}; {machine()}\n\n" + table(
        ["", "", "a second", "ratio", "CPU us each, without nginx", "ratio", "MiB/s of bodies"], rows)
    (WORK / "fetch.json").write_text(json.dumps([[*key, runs] for key, runs in found.items()], indent=1), encoding="utf-8")
    (WORK / "fetch.md").write_text(text + "\n", encoding="utf-8")
    print(text)


main()
