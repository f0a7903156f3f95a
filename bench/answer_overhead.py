"""What renvoi adds to an answer: the time beyond the encoder, the fetch of the documents and the model that writes.

Usage: answer_overhead.py [QUESTIONS]   (RENVOI_PROGRAM, RENVOI_MODELS as for the tests)
The model is a scripted endpoint that answers at once, so that its own time is known; everything else is the real program. One question
after another, then a stream each: from the endpoint's last byte of the first sentence to the sentence at the client. Prints one JSON object.
"""

import json
import pathlib
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "app"))
from harness import Home  # noqa: E402
from streams_test import SENTENCES, Endpoint  # noqa: E402


class TimedEndpoint(Endpoint):
    took = sent_at = 0.0

    async def answer(self, reader, writer):
        self.writer_seen = writer
        await super().answer(reader, writer)

    async def event(self, writer, value):
        if "choices" in value and value["choices"][0]["delta"].get("content", "").endswith("[1]."):
            await super().event(writer, value)
            self.sent_at = time.perf_counter()
            return
        if not self.sent_at and value["choices"][0]["delta"].get("content"):
            self.began_at = time.perf_counter()
        await super().event(writer, value)


def quantiles(values):
    ordered = sorted(values)
    return {"p50_ms": round(1000 * statistics.median(ordered), 2), "p99_ms": round(1000 * ordered[int(0.99 * (len(ordered) - 1))], 2)}


def stream_first(port, question):
    """When the first words of a streamed answer came."""
    body = json.dumps({"model": "renvoi", "stream": True, "messages": [{"role": "user", "content": question}]}).encode()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
                       + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        seen, came = b"", None
        while piece := client.recv(65536):
            seen += piece
            if came is None and b'"content":"' in seen.replace(b'"content":""', b""):
                came = time.perf_counter()
    return came


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    home = Home()
    try:
        home.json("add", home.write_notes())
        endpoint = TimedEndpoint()
        server = home.serve(config=f"[generate]\nendpoint = 'http://127.0.0.1:{endpoint.port}/v1'\nmodel = 'scripted'\ntrust = 'always'\n"
                                   "[answer]\nmode = 'generative'\n")
        questions = [list(SENTENCES)[i % len(SENTENCES)] for i in range(count)]
        beyond, first = [], []
        for question in questions:
            endpoint.sent_at = 0.0
            began = time.perf_counter()
            status, answer = server.json("POST", "/api/ask", {"question": question})
            wall = time.perf_counter() - began
            assert status == 200 and SENTENCES[question] in answer["text"], answer
            took = answer["timings_ms"]
            model_s = endpoint.sent_at - endpoint.began_at
            beyond.append(wall - (took["embed"] + took["fetch"] + took["compare"]) / 1000 - model_s)
        for question in questions:
            endpoint.sent_at = 0.0
            came = stream_first(server.port, question)
            first.append(came - endpoint.sent_at)
        print(json.dumps({"answers": count, "beyond_encoder_fetch_and_model": quantiles(beyond),
                          "first_sentence_after_the_model_s": quantiles(first)}, indent=2))
        server.stop()
    finally:
        home.close()


if __name__ == "__main__":
    main()
