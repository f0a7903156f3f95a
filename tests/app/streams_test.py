"""Five hundred answers at once, written by an endpoint that ends none before all have begun."""

import asyncio
import json
import re
import threading
import time
import unittest
from pathlib import Path

from harness import Home

STREAMS = 500
SENTENCES = {
    "When does the ferry leave Port Aldric?": "The ferry leaves Port Aldric every morning at seven o'clock",
    "When is the clock museum closed?": "It is closed on Tuesdays",
    "Combien de marches compte la montée du phare ?": "La montée compte cent quarante-deux marches",
}


class Endpoint:
    """An OpenAI-compatible endpoint. It answers `expected` questions with one sentence each, and holds each answer's end back until all
    have begun: a server that works on fewer at once never gets there."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.expected = 1
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.ready.wait()

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.begun, self.all_have_begun = 0, asyncio.Event()
        server = self.loop.run_until_complete(asyncio.start_server(self.answer, "127.0.0.1", 0, backlog=1024))
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()

    def expect(self, count):
        def reset():
            self.begun, self.expected, self.all_have_begun = 0, count, asyncio.Event()
        self.loop.call_soon_threadsafe(reset)

    async def answer(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
                body = json.loads(await reader.readexactly(length))
                asked = body["messages"][-1]["content"]
                sentence = next(text for question, text in SENTENCES.items() if question in asked)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                cut = len(sentence) // 2
                await self.piece(writer, sentence[:cut])
                self.begun += 1
                if self.begun >= self.expected:
                    self.all_have_begun.set()
                await self.all_have_begun.wait()
                await self.piece(writer, sentence[cut:] + " [1].")
                await self.event(writer, {"choices": [{"delta": {}, "finish_reason": "stop"}]})
                writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def piece(self, writer, text):
        await self.event(writer, {"choices": [{"delta": {"content": text}}]})

    async def event(self, writer, value):
        data = f"data: {json.dumps(value)}\n\n".encode()
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await writer.drain()


async def ask(port, question):
    """The text of a streamed answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"model": "renvoi", "stream": True, "messages": [{"role": "user", "content": question}]}).encode()
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
                 + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = (await reader.read()).decode("utf-8")
    writer.close()
    assert answer.startswith("HTTP/1.1 200 "), answer[:300]
    assert "data: [DONE]" in answer, answer[-300:]
    events = re.findall(r"data: (\{.*\})", answer)
    return "".join(choice["delta"].get("content") or "" for event in events for choice in json.loads(event).get("choices", []))


async def ask_all(port, count):
    questions = [list(SENTENCES)[i % len(SENTENCES)] for i in range(count)]
    answers = await asyncio.wait_for(asyncio.gather(*(ask(port, question) for question in questions)), 400)
    return list(zip(questions, answers))


class Streams(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)
        self.home.json("add", self.home.write_notes())

    def memory(self, server, key):
        status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(rf"{key}:\s+(\d+)", status).group(1))

    def test_five_hundred_streams_at_once_and_none_is_dropped(self):
        endpoint = Endpoint()
        server = self.home.serve(config=f"[generate]\nendpoint = 'http://127.0.0.1:{endpoint.port}/v1'\nmodel = 'scripted'\ntrust = 'always'\n"
                                        "[answer]\nmode = 'generative'\ndeadline_ms = 300000\n")
        resident = []
        for round, streams in enumerate((STREAMS, STREAMS // 2)):
            endpoint.expect(streams)
            began = time.monotonic()
            for question, answer in asyncio.run(ask_all(server.port, streams)):
                self.assertIn(SENTENCES[question], answer)
                self.assertIn("[1]", answer)
            resident.append(self.memory(server, "VmRSS"))
            print(f"round {round + 1}: {streams} streams in {time.monotonic() - began:.1f} s, resident {resident[-1] // 1024} MiB, "
                  f"at most {self.memory(server, 'VmHWM') // 1024} MiB, threads {self.memory(server, 'Threads')}", flush=True)
        self.assertLess(resident[1], resident[0] * 1.1 + 8 * 1024)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
