"""A small site on the loopback interface, crawled by the real program, and the real server over it. For the tests beside it."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "demo"))
from site_server import Site  # noqa: E402

PAGES = {
    "en/loans.html": ("Loans at the Ravel library", "en", [
        ("How long a loan lasts", "A book may be kept for twenty-one days. A film may be kept for seven days. "
                                  "A loan can be renewed twice, unless another reader has reserved the item."),
        ("Late returns", "A late return costs fifteen cents a day and item. Borrowing is suspended above ten euros of unpaid fees.")]),
    "en/rooms.html": ("Reading rooms of the Ravel library", "en", [
        ("Booking a room", "A group room is booked at the desk or by telephone, at most two weeks ahead. A booking lapses when nobody has come after ten minutes."),
        ("Silence", "The north room is silent: telephones are switched off and conversations are held outside.")]),
    "en/cards.html": ("Cards of the Ravel library", "en", [
        ("Getting a card", "A reader's card is made in five minutes with an identity document. It costs twelve euros a year and is free below eighteen years of age."),
        ("A lost card", "A lost card is replaced for three euros. Report the loss at once, so that nobody borrows in your name.")]),
    "fr/prets.html": ("Prêts de la bibliothèque Ravel", "fr", [
        ("Durée d'un prêt", "Un livre peut être gardé vingt et un jours. Un film peut être gardé sept jours. "
                            "Un prêt se prolonge deux fois, sauf si un autre lecteur a réservé le document."),
        ("Retards", "Chaque jour de retard coûte quinze centimes par document. Le prêt est suspendu au-delà de dix euros impayés.")]),
    "fr/salles.html": ("Salles de lecture de la bibliothèque Ravel", "fr", [
        ("Réserver une salle", "Une salle de groupe se réserve au guichet ou par téléphone, deux semaines à l'avance au plus."),
        ("Silence", "La salle nord est silencieuse : les téléphones sont éteints et l'on parle dehors.")]),
    "en/markup.html": ("Writing <b>markup</b> on the notice board", "en", [
        ("The notice board", "The notice board accepts the words &lt;script&gt;alert(1)&lt;/script&gt; as plain text and shows them unchanged to every visitor.")]),
}


def page_html(title, language, sections):
    escaped = title.replace("<", "&lt;").replace(">", "&gt;")
    body = "".join(f"<h2>{heading}</h2><p>{text}</p>" for heading, text in sections)
    return f'<!DOCTYPE html><html lang="{language}"><meta charset="utf-8"><title>{escaped}</title><main><h1>{escaped}</h1>{body}</main></html>'


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    """with World() as world: world.address is the server's; world.site.take_away("/en/loans.html") makes a page a 404."""

    def __init__(self, program=None):
        self.program = program or os.environ["RENVOI_PROGRAM"]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="renvoi-e2e-"))
        self.site = self.process = None

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def build(self):
        pages = self.folder / "site"
        self.write_pages(pages)
        self.site = Site(pages, self.folder / "taken_away").start()
        self.prepare('[server]\nport = {port}\n[answer]\nmode = "extractive"\n')
        self.run("add", self.site.address + "/", "--allow-private", "--delay-ms", "0")
        self.begin_serving()

    def write_pages(self, pages):
        for name, content in PAGES.items():
            (pages / name).parent.mkdir(parents=True, exist_ok=True)
            (pages / name).write_text(page_html(*content), encoding="utf-8")

    def prepare(self, settings):
        port = free_port()
        config = self.folder / "config.toml"
        config.write_text(settings.replace("{port}", str(port)))
        self.command = [self.program, "--config", str(config), "--data", str(self.folder / "data")]
        # A home of its own, so that nothing of the person who runs the tests is read or written.
        self.environment = {**os.environ, "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "xdg")}
        self.address = f"http://127.0.0.1:{port}"

    def begin_serving(self):
        self.log = open(self.folder / "serve.log", "a+", encoding="utf-8")
        self.process = subprocess.Popen([*self.command, "serve"], stdout=self.log, stderr=self.log, env=self.environment)
        self.wait_until_ready()

    def end_serving(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.process = None

    def run(self, *arguments):
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True, timeout=120, env=self.environment)
        if done.returncode != 0:
            raise AssertionError(f"renvoi {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def wait_until_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.address + "/healthz", timeout=2) as response:
                    if response.status == 200:
                        return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError("renvoi serve did not become ready:\n" + (self.folder / "serve.log").read_text())

    def request(self, path, body=None, headers=None):
        """(status, headers, bytes) of a raw request; an error status does not raise."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, headers={"Content-Type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def __exit__(self, *_):
        self.end_serving()
        if self.site is not None:
            self.site.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class WithWorld(unittest.TestCase):
    """One world for the tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__)
