"""A home of its own for the program, a site on the loopback interface, and a server process; all end with the test."""

import http.client
import http.server
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import time

PROGRAM = os.environ["RENVOI_PROGRAM"]
MODELS = pathlib.Path(os.environ["RENVOI_MODELS"])

# Exit statuses, as docs/operations.md has them.
OK, USAGE, INVALID, NOT_FOUND, DENIED, CONFLICT, UNAVAILABLE, EXHAUSTED, CORRUPT, PROBLEMS = 0, 2, 3, 4, 6, 7, 8, 9, 10, 12

NOTES = {
    "ferry.md": "# The ferry of Port Aldric\n\n## Timetable\n\nThe ferry leaves Port Aldric every morning at seven o'clock. "
                "On Sundays there is no crossing before noon.\n\n## Fares\n\nA crossing costs eleven crowns. Children below six years travel free.\n",
    "museum.html": "<!DOCTYPE html><html lang='en'><title>The clock museum</title><main><h1>The clock museum</h1>"
                   "<p>The clock museum of Port Aldric shows four hundred pendulum clocks. It is closed on Tuesdays.</p></main></html>",
    "phare.md": "# Le phare de Kermaz\n\nLe phare de Kermaz se visite de mai à septembre. La montée compte cent quarante-deux marches. "
                "Le gardien habite la maison blanche au pied de la tour.\n",
}


class Home:
    """renvoi with a configuration and a data folder that nobody else has."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="renvoi-app-"))
        self.data = self.folder / "data"
        self.notes = self.folder / "notes"
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "config"),
                            "LC_ALL": "C.UTF-8"}
        self.servers = []

    def write_notes(self, notes=None):
        self.notes.mkdir(exist_ok=True)
        for name, text in (notes or NOTES).items():
            (self.notes / name).write_text(text, encoding="utf-8")
        return self.notes

    def run(self, *arguments, text=None, timeout=180, environment=None):
        """(status, standard output, standard error)"""
        done = subprocess.run([PROGRAM, "--data", str(self.data), *map(str, arguments)], input=text, capture_output=True, timeout=timeout,
                              env={**self.environment, **(environment or {})})
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def json(self, *arguments, **options):
        status, out, err = self.run("--json", *arguments, **options)
        if status != OK:
            raise AssertionError(f"renvoi {arguments}: status {status}\n{out}\n{err}")
        return json.loads(out)

    def serve(self, *arguments, config=""):
        server = Server(self, arguments, config)
        self.servers.append(server)
        return server

    def close(self):
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Server:
    def __init__(self, home, arguments, config):
        file = home.folder / f"server-{len(home.servers)}.toml"
        file.write_text(config, encoding="utf-8")
        self.log = open(home.folder / f"server-{len(home.servers)}.log", "w+b")
        self.process = subprocess.Popen([PROGRAM, "--json", "--config", str(file), "--data", str(home.data), "serve", "--port", "0", *arguments],
                                        stdout=subprocess.PIPE, stderr=self.log, env=home.environment)
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.rstrip() == b"}":
                break
        else:
            self.log.seek(0)
            raise AssertionError(f"the server did not start: {self.process.wait()} {self.log.read().decode()}")
        self.ready = json.loads(b"".join(lines))
        self.port = self.ready["port"]

    def request(self, method, path, body=None, headers=None, raw=None):
        """(status, headers, bytes)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            data = raw if raw is not None else None if body is None else json.dumps(body).encode()
            sent = {"Content-Type": "application/json"} if data is not None else {}
            connection.request(method, path, body=data, headers={**sent, **(headers or {})})
            response = connection.getresponse()
            return response.status, dict((k.lower(), v) for k, v in response.getheaders()), response.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None, raw=None):
        """(status, value)"""
        status, _, data = self.request(method, path, body, headers, raw)
        return status, json.loads(data)

    def wait_for_job(self, source, timeout_s=120):
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            status, value = self.json("GET", f"/api/sources/{source}")
            assert status == 200, value
            if value["job"]["state"] not in ("queued", "running"):
                return value
            time.sleep(0.1)
        raise AssertionError(f"source {source} was not read within {timeout_s} s")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode


class Loopback:
    """A server on 127.0.0.1 until close()."""

    def start(self, handler, path="", certificate=None):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.address = f"{scheme}://127.0.0.1:{self.server.server_address[1]}{path}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Site(Loopback):
    """A web site on 127.0.0.1: `pages` is path -> (status, headers, body). `before` is called with path and headers of each request."""

    def __init__(self, pages, certificate=None, before=None):
        site = self
        self.pages = dict(pages)
        self.before = before
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                site.seen.append(self.path)
                if site.before:
                    site.before(self.path, self.headers)
                status, headers, body = site.pages.get(self.path, (404, {}, b"not here"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # the client had enough

            def log_message(self, *_):
                pass

        self.start(Handler, certificate=certificate)


def page(title, text, links=()):
    anchors = "".join(f'<a href="{link}">{link}</a> ' for link in links)
    body = f"<!DOCTYPE html><html lang='en'><meta charset='utf-8'><title>{title}</title><main><h1>{title}</h1><p>{text}</p>{anchors}</main></html>"
    return 200, {"Content-Type": "text/html; charset=utf-8"}, body.encode()


def self_signed_certificate(folder):
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return str(certificate), str(key)
