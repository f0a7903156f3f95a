"""/openapi.json is what the server does: every route is in it and the reverse, and Schemathesis finds no answer that it does not foresee."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from clients import HERE, ROOT, WithWorld, restart_with_key

# One that takes what is wrong, or refuses what is right, is found by these; others need what a collection of documents has not
# (links between operations, users).
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,"
          "negative_data_rejection,positive_data_acceptance,unsupported_method,allow_header_conformance,missing_required_header")
# Every combination of these, and lists of as many texts as they take, would be two minutes: they are left to chance.
LONG = ("/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/rerank", "/api/chat", "/api/ask", "/api/embed")


class OpenApi(WithWorld):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A key that may only read: what is thrown at the server must not make it read this machine's files.
        cls.key = restart_with_key(cls.world)
        cls.document = json.loads(cls.world.request("/openapi.json")[2])

    def test_it_is_of_this_version(self):
        self.assertEqual(self.document["openapi"], "3.1.0")
        self.assertEqual("renvoi " + self.document["info"]["version"], self.world.run("--version").strip())

    def test_every_route_is_in_it_and_the_reverse(self):
        routes = set()
        for source in (ROOT / "apps" / "renvoi" / "server").glob("*_routes.cpp"):
            routes |= set(re.findall(r'push_back\(\{"([A-Z]+)", "([^"]+)"', source.read_text(encoding="utf-8")))
        self.assertGreater(len(routes), 30)
        documented = {(method.upper(), path.replace("{file}", "*")) for path, methods in self.document["paths"].items() for method in methods}
        self.assertEqual(routes, documented)
        for path in self.document["paths"]:  # and the running server takes these methods, and no other
            methods = sorted(method.upper() for method in self.document["paths"][path])
            done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-D", "-", "-X", "PATCH", self.world.address + re.sub(r"\{\w+\}", "1", path)],
                                  capture_output=True, text=True, check=True).stdout
            self.assertIn(" 405 ", done.splitlines()[0], path)
            allow = next(line for line in done.splitlines() if line.lower().startswith("allow:"))
            self.assertEqual(sorted(allow.split(":", 1)[1].strip().split(", ")), methods, path)

    def test_roles_are_as_it_says(self):
        bearer = {"Authorization": f"Bearer {self.key}"}
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                role = operation.get("x-role")
                self.assertEqual(bool(operation["security"]), role is not None, path)
                if method == "delete":
                    continue
                body = None if method == "get" else b"" if path == "/search" else {}
                address = re.sub(r"\{\w+\}", "1", path)
                if role is not None:
                    self.assertEqual(self.world.request(address, body)[0], 401, path)
                status = self.world.request(address, body, bearer)[0]
                (self.assertEqual if role in ("write", "admin") else self.assertNotEqual)(status, 403, path)

    def run_schemathesis(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [pathlib.Path(sys.executable).with_name("schemathesis"), "run", self.world.address + "/openapi.json", "--header",
                 f"Authorization:Bearer {self.key}", "--checks", CHECKS, "--seed", "20261124", "--suppress-health-check", "all", "--no-color",
                 "--warnings", "off", "--request-timeout", "30", "--generation-database", "none", "--max-redirects", "0", *options],
                cwd=folder, env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")}, capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, 0, done.stdout[-12_000:] + done.stderr[-2_000:])
        self.assertEqual(json.loads(self.world.request("/healthz")[2]), {"status": "ok"})
        return int(re.search(r"(\d+) generated", done.stdout).group(1))

    def test_schemathesis_finds_nothing_by_chance(self):
        self.assertGreater(self.run_schemathesis("--phases", "examples,fuzzing", "--max-examples", "8"), 200)

    def test_schemathesis_finds_nothing_by_trying_every_word_of_the_document(self):
        options = ["--phases", "coverage"]
        for path in LONG:
            options += ["--exclude-path", path]
        self.assertGreater(self.run_schemathesis(*options), 300)


if __name__ == "__main__":
    unittest.main(verbosity=2)
