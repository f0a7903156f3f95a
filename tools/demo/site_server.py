"""A small static site on the loopback interface, from which a page can be taken away while it runs.

It serves a folder with ETag, Last-Modified and 304, answers a folder's address with a page that links to every page below it, and answers
404 for every path listed in a file (one a line) that is read again at each request. The port is a free one.

As a program: site_server.py FOLDER TAKEN_AWAY_FILE ADDRESS_FILE; writes its address into ADDRESS_FILE when it is ready, ends at SIGTERM.
"""

import email.utils
import html
import http.server
import mimetypes
import pathlib
import re
import signal
import sys
import threading
import urllib.parse

TITLE = re.compile(rb"<title>(.*?)</title>", re.DOTALL | re.IGNORECASE)


class Site:
    """Serves `folder` from a thread of its own between start() and stop()."""

    def __init__(self, folder, taken_away_file):
        self.folder = pathlib.Path(folder).resolve()
        self.taken_away_file = pathlib.Path(taken_away_file)
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_GET(self):
                site.answer(self, with_body=True)

            def do_HEAD(self):
                site.answer(self, with_body=False)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def take_away(self, address):
        """`address` (a path or a URL) answers 404 from now on."""
        with open(self.taken_away_file, "a", encoding="utf-8") as file:
            file.write(urllib.parse.urlsplit(address).path + "\n")

    def is_taken_away(self, path):
        try:
            return path in self.taken_away_file.read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return False

    def answer(self, request, with_body):
        path = urllib.parse.unquote(urllib.parse.urlsplit(request.path).path)
        target = (self.folder / path.lstrip("/")).resolve()
        inside = target == self.folder or self.folder in target.parents
        if not inside or not target.exists() or self.is_taken_away(path):
            return self.send(request, 404, "text/html; charset=utf-8", b"<title>404</title><p>There is no such page.", {}, with_body)
        if target.is_dir():
            if not path.endswith("/"):
                return self.send(request, 301, "text/plain", b"", {"Location": path + "/"}, with_body)
            return self.send(request, 200, "text/html; charset=utf-8", self.listing(target), {}, with_body)
        status = target.stat()
        validators = {
            "ETag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"',
            "Last-Modified": email.utils.formatdate(status.st_mtime, usegmt=True),
        }
        if self.is_unchanged(request.headers, validators, int(status.st_mtime)):
            return self.send(request, 304, None, b"", validators, False)
        kind = mimetypes.guess_type(target.name)[0] or "application/octet-stream"
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        return self.send(request, 200, kind, target.read_bytes(), validators, with_body)

    @staticmethod
    def is_unchanged(headers, validators, modified_s):
        if headers.get("If-None-Match"):  # RFC 9110 section 13.2.2: decides alone when it is there
            return validators["ETag"] in [tag.strip().removeprefix("W/") for tag in headers["If-None-Match"].split(",")]
        since = email.utils.parsedate_to_datetime(headers["If-Modified-Since"]) if headers.get("If-Modified-Since") else None
        return since is not None and modified_s <= since.timestamp()

    def listing(self, folder):
        """Not to be indexed itself: its links are what it is for."""
        items = []
        for page in sorted(folder.rglob("*.html")):
            path = "/" + page.relative_to(self.folder).as_posix()
            if self.is_taken_away(path):
                continue
            found = TITLE.search(page.read_bytes()[:4096])
            title = html.unescape(found.group(1).decode("utf-8", "replace")).strip() if found else page.name
            items.append(f'<li><a href="{html.escape(urllib.parse.quote(path))}">{html.escape(title)}</a></li>')
        head = '<!DOCTYPE html><meta charset="utf-8"><meta name="robots" content="noindex"><title>Contents</title>'
        return (head + "<ul>" + "\n".join(items) + "</ul>").encode()

    @staticmethod
    def send(request, status, kind, body, headers, with_body):
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if kind is not None:
            request.send_header("Content-Type", kind)
        if status != 304:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if with_body:
            request.wfile.write(body)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    folder, taken_away_file, address_file = sys.argv[1:]
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    site = Site(folder, taken_away_file).start()
    partial = pathlib.Path(address_file + ".partial")
    partial.write_text(site.address)
    partial.rename(address_file)
    stopping.wait()
    site.stop()


if __name__ == "__main__":
    main()
