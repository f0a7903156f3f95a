"""The worlds that the page is tested in: one with hostile documents whose site can be made to wait, an empty one, one of 1,000 sources."""

import contextlib
import http.server
import sqlite3
import subprocess
import threading
import time

from world import Site, World, page_html

MARK = "window.hacked=1"
# What a document may hold that must stay text: in its title, its text, its address.
HOSTILE = {
    "en/hostile.html": (f'Parking <img src=x onerror="{MARK}"></title><script>{MARK}</script>', "en", [
        ("Parking of bicycles",
         f"Bicycles are parked behind the mill, in forty racks &lt;img src=x onerror={MARK}&gt; &lt;script&gt;{MARK}&lt;/script&gt;."),
        # A line like this is kept out of quotes (answer/instruction_like.h); it must not run wherever else it comes by.
        ("Parking of carts", f"Carts are parked beside the mill [javascript:{MARK}](javascript:{MARK}).")]),
    "en/'><img src=x onerror=hacked=1>.html": ("Lockers of the Ravel library", "en", [
        ("Lockers", "A locker is lent for one evening against a deposit of one euro; what is left in it overnight is kept at the desk.")]),
}


class WaitingSite(Site):
    """While `hold_file` exists, no page is answered."""

    hold_file = None

    def answer(self, request, with_body):
        deadline = time.monotonic() + 100
        while self.hold_file is not None and self.hold_file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        with contextlib.suppress(ConnectionError):
            super().answer(request, with_body)


class BrowserWorld(World):
    settings = ('[answer]\nmode = "extractive"\nfetch_timeout_ms = 60000\nverify_ms = 60000\ndeadline_ms = 60000\n'
                "[server]\nport = {port}\nkeep_feedback = true\n")

    def build(self):
        pages = self.folder / "site"
        self.write_pages(pages)
        self.site = WaitingSite(pages, self.folder / "taken_away").start()
        self.site.hold_file = self.folder / "hold"
        self.prepare(self.settings)
        self.run("add", self.site.address + "/", "--allow-private", "--delay-ms", "0")
        self.begin_serving()

    def write_pages(self, pages):
        super().write_pages(pages)
        for name, content in HOSTILE.items():
            (pages / name).write_text(page_html(*content).replace("&lt;/title&gt;", "</title>"), encoding="utf-8")


class EmptyWorld(World):
    """Nothing was added; there is a folder that could be, and a key of an admin."""

    def build(self):
        self.write_pages(self.folder / "documents")
        self.prepare("[server]\nport = {port}\n")
        self.admin_key = self.run("key", "new", "browser", "--role", "admin", "--json")
        self.begin_serving()


class ManySources(World):
    """1,000 sources, never read: as rows of the catalogue, since what is tested is the page."""

    def build(self):
        self.write_pages(self.folder / "documents")
        self.prepare("[server]\nport = {port}\nwatch_folders = false\n")
        self.run("add", str(self.folder / "documents" / "en"), "--no-sync")
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "collection" / "catalog.db")) as database, database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(source)") if row[1] not in ("id", "address")]
            names = ", ".join(columns)
            database.executemany(f"INSERT INTO source (address, {names}) SELECT ?, {names} FROM source WHERE id = 1",
                                 [(f"https://site-{number:04}.example.org/",) for number in range(2, 1001)])
        self.begin_serving()


class Control:
    """An address at which the browser's script has the server of `world` stopped and started: POST /stop, /start."""

    def __init__(self, world):
        control = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                try:
                    {"/stop": world.end_serving, "/start": world.begin_serving}[self.path]()
                    self.send_response(204)
                except Exception as error:  # told to the script, which fails
                    self.send_response(500, str(error)[:200])
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        control.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def run_script(script, arguments, timeout_s):
    return subprocess.run([str(each) for each in [*script, *arguments]], timeout=timeout_s, text=True, capture_output=True)
