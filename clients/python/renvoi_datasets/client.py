"""The routes below /api/datasets, one method each. Standard library only."""

import http.client
import json
import urllib.parse


class ServerError(Exception):
    """The server refused: `status` (HTTP), `code` ("not_found", ...), and a message for people."""

    def __init__(self, status, code, message):
        super().__init__(f"{message} (HTTP {status}, {code})")
        self.status, self.code = status, code


class Client:
    """One connection, kept open. Not thread-safe; make one for each thread. It can be pickled and forked: it connects again."""

    def __init__(self, address, key=None, timeout_s=60):
        self.address, self.key, self.timeout_s = address.rstrip("/"), key, timeout_s
        self._connection = None

    def __getstate__(self):
        return {**self.__dict__, "_connection": None}

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def open(self, method, path, query=None, body=None):
        """The http.client.HTTPResponse of status 2xx, to be read to its end."""
        headers = {"Accept-Encoding": "identity"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = self._connect()
            try:
                self._connection.request(method, target, data, headers)
                response = self._connection.getresponse()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.close()  # an idle connection that the server has closed: once more
                if attempt == 2 or method != "GET":
                    raise
        if response.status // 100 == 2:
            return response
        text = response.read()
        try:
            error = json.loads(text)["error"]
            raise ServerError(response.status, error["code"], error["message"])
        except (ValueError, KeyError, TypeError):
            raise ServerError(response.status, "unknown", text[:200].decode("utf-8", "replace")) from None

    def _connect(self):
        url = urllib.parse.urlsplit(self.address)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        return kind(url.hostname, url.port, timeout=self.timeout_s)

    def _json(self, method, path, query=None, body=None):
        return json.loads(self.open(method, path, query, body).read())

    @staticmethod
    def _of(dataset, what=""):
        return "/api/datasets/" + urllib.parse.quote(dataset, safe="") + what

    def datasets(self):
        return self._json("GET", "/api/datasets")["datasets"]

    def dataset(self, dataset):
        return self._json("GET", self._of(dataset))

    def items(self, dataset, start=0, page=1000):
        """All items from number `start` on, as dicts."""
        while True:
            answer = self._json("GET", self._of(dataset, "/items"), {"from": start, "limit": page})
            yield from answer["items"]
            start += page
            if start >= answer["count"]:
                return

    def bytes(self, dataset, item):
        return self.open("GET", self._of(dataset, "/bytes"), {"item": item}).read()

    def assertions(self, dataset, item):
        return self._json("GET", self._of(dataset, "/assertions"), {"item": item})

    def add_assertions(self, dataset, assertions):
        """Their numbers. All are kept, or none; when this returns they are on stable storage."""
        return self._json("POST", self._of(dataset, "/assertions"), body={"assertions": assertions})["assertions"]

    def queue(self, dataset, person, limit=20):
        return self._json("GET", self._of(dataset, "/queue"), {"person": person, "limit": limit})["tasks"]

    def snapshots(self, dataset):
        return self._json("GET", self._of(dataset, "/snapshots"))["snapshots"]

    def make_snapshot(self, dataset, note=None):
        return self._json("POST", self._of(dataset, "/snapshots"), body={"note": note})

    def classes(self, dataset, snapshot="latest", select="verified"):
        return self._json("GET", self._of(dataset, "/classes"), {"snapshot": snapshot, "select": select})

    def stream(self, dataset, **query):
        return self.open("GET", self._of(dataset, "/stream"), query)
