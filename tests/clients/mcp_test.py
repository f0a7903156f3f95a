"""The official MCP clients, of Python and of Node, over HTTP and over standard input and output; and what they never send."""

import asyncio
import json
import subprocess
import unittest

from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client

from clients import ANSWER, QUESTION, WithWorld, run_node

HANDSHAKE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
STATELESS = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


def call(method, params=None, id=1):
    return {"jsonrpc": "2.0", "id": id, "method": method, **({} if params is None else {"params": params})}


class Mcp(WithWorld):
    def stdio(self):
        return StdioServerParameters(command=self.world.command[0], args=[*self.world.command[1:], "mcp"], env=self.world.environment)

    def rpc(self, body, headers=None):
        return self.post("/mcp", body, headers)

    # The official packages

    async def use(self, server, mode):
        async with Client(server, mode=mode) as client:
            tools = await client.list_tools()
            self.assertEqual([tool.name for tool in tools.tools], ["search", "fetch"])
            found = await client.call_tool("search", {"query": QUESTION})
            self.assertFalse(found.is_error)
            self.assertEqual(json.loads(found.content[0].text), found.structured_content)
            first = found.structured_content["results"][0]
            self.assertEqual((first["url"], set(first)), (self.page, {"id", "title", "url", "text"}))
            self.assertIn(ANSWER, first["text"])
            whole = (await client.call_tool("fetch", {"id": first["id"]})).structured_content
            self.assertEqual((whole["id"], whole["url"], whole["title"]), (first["id"], first["url"], first["title"]))
            self.assertIn("fifteen cents", whole["text"])
            self.assertEqual((whole["metadata"]["state"], whole["metadata"]["verified"], whole["metadata"]["truncated"]), ("LIVE", True, False))
            # By address, too: but only of the collection.
            self.assertEqual((await client.call_tool("fetch", {"id": self.page})).structured_content["id"], first["id"])
            for elsewhere in (self.world.site.address + "/nowhere.html", "file:///etc/passwd", "4000000", "", "-1"):
                wrong = await client.call_tool("fetch", {"id": elsewhere})
                self.assertTrue(wrong.is_error, elsewhere)
            self.assertTrue((await client.call_tool("search", {"query": " "})).is_error)
            return client.protocol_version

    def test_python_over_http(self):
        self.assertEqual(asyncio.run(self.use(self.world.address + "/mcp", "legacy")), "2025-11-25")
        self.assertEqual(asyncio.run(self.use(self.world.address + "/mcp", "auto")), "2026-07-28")

    def test_python_over_standard_input_and_output(self):
        self.assertEqual(asyncio.run(self.use(stdio_client(self.stdio()), "legacy")), "2025-11-25")
        self.assertEqual(asyncio.run(self.use(stdio_client(self.stdio()), "auto")), "2026-07-28")

    def test_node(self):
        command = self.world.command
        for arguments in (("http", self.world.address), ("stdio", *command, "mcp")):
            with self.subTest(arguments[0]):
                seen = run_node("mcp.mjs", *arguments)
                self.assertEqual((seen["tools"], seen["same"], seen["server"]["name"]), (["search", "fetch"], True, "renvoi"))
                self.assertEqual(seen["search"]["results"][0]["url"], self.page)
                self.assertIn(ANSWER, seen["fetched"]["text"])
                self.assertTrue(seen["wrong"]["isError"])
                self.assertEqual(seen["unknown"], -32602)

    # What they never send

    def test_versions_are_negotiated(self):
        for wanted, spoken in (("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"),
                               ("2026-07-28", "2025-11-25"), ("1999-01-01", "2025-11-25"), (7, "2025-11-25")):
            status, value = self.rpc(call("initialize", {**HANDSHAKE, "protocolVersion": wanted}))
            self.assertEqual((status, value["result"]["protocolVersion"]), (200, spoken))
        self.assertEqual(self.rpc(call("ping"), {"MCP-Protocol-Version": "2025-06-18"})[1], {"jsonrpc": "2.0", "id": 1, "result": {}})
        self.assertEqual(self.rpc(call("ping"), {"MCP-Protocol-Version": "1999-01-01"})[0], 400)

    def test_a_stateless_request_must_say_the_same_in_its_headers(self):
        body = call("tools/call", {"name": "search", "arguments": {"query": QUESTION}, "_meta": STATELESS})
        good = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "search"}
        status, value = self.rpc(body, good)
        self.assertEqual((status, value["result"]["resultType"]), (200, "complete"))
        for name, other in (("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Method", "tools/list"), ("Mcp-Name", "fetch")):
            status, value = self.rpc(body, {**good, name: other})
            self.assertEqual((status, value["error"]["code"]), (400, -32020), name)
        status, value = self.rpc(call("ping", {"_meta": {**STATELESS, "io.modelcontextprotocol/protocolVersion": "2031-01-01"}}),
                                 {"MCP-Protocol-Version": "2031-01-01", "Mcp-Method": "ping"})
        self.assertEqual((status, value["error"]["code"], "2026-07-28" in value["error"]["data"]["supported"]), (400, -32022, True))
        status, value = self.rpc(call("resources/list", {"_meta": STATELESS}), {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "resources/list"})
        self.assertEqual((status, value["error"]["code"]), (404, -32601))

    def test_notifications_and_answers_are_taken_without_a_word(self):
        for body in ({"jsonrpc": "2.0", "method": "notifications/initialized"}, {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
                     {"jsonrpc": "2.0", "id": 5, "result": {}}):
            status, _, data = self.world.request("/mcp", body)
            self.assertEqual((status, data), (202, b""))

    def test_what_is_no_message_is_an_error_in_json_rpc(self):
        for body, code in ((b"", -32700), (b"{", -32700), (b"\xff\xfe", -32700), (b"[" * 5_000 + b"]" * 5_000, -32700), (b'{"a":' * 40 + b"1" + b"}" * 40, -32700),
                           ([call("ping")], -32600), ([], -32600), (b'"ping"', -32600), ({}, -32600), ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, -32600),
                           ({"jsonrpc": "2.0", "id": {}, "method": "ping"}, -32600), ({"jsonrpc": "2.0", "id": None, "method": "ping"}, -32600)):
            with self.subTest(body if not isinstance(body, bytes) else body[:30]):
                status, value = self.rpc(body)
                self.assertEqual((status, value["jsonrpc"], value["id"], value["error"]["code"]), (400, "2.0", None, code))
        for body, code in ((call("no/such"), -32601), (call("tools/call", []), -32602), (call("tools/call", {}), -32602), (call("tools/call", {"name": 3}), -32602),
                           (call("tools/call", {"name": "rm"}), -32602), (call(3), -32600)):
            status, value = self.rpc(body)
            self.assertEqual((status, value["id"], value["error"]["code"]), (400 if code == -32600 else 200, 1, code), body)
        for arguments in ({}, {"query": 3}, {"query": "x" * 9_000}, {"query": QUESTION, "limit": 0}, {"query": QUESTION, "limit": "3"}, 7):
            status, value = self.rpc(call("tools/call", {"name": "search", "arguments": arguments}))
            self.assertEqual((status, value["result"]["isError"]), (200, True), arguments)

    def test_pages_of_other_sites_and_other_methods_are_refused(self):
        status, value = self.rpc(call("ping"), {"Origin": "https://evil.example"})
        self.assertEqual((status, value["error"]["message"] != ""), (403, True))
        status, headers, _ = self.world.request("/mcp")
        self.assertEqual((status, headers["Allow"]), (405, "POST"))

    def test_standard_input_ends_cleanly_and_survives_what_is_no_message(self):
        lines = [b"", b"not json", b"x" * 5_000_000, b"\xff", json.dumps(call("ping", id="last")).encode()]
        done = subprocess.run([*self.world.command, "mcp"], input=b"\n".join(lines) + b"\n", capture_output=True, timeout=60, env=self.world.environment)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual([answer.get("error", {}).get("code") for answer in answers], [-32700] * 3 + [None])
        self.assertEqual(answers[-1], {"jsonrpc": "2.0", "id": "last", "result": {}})

    def test_a_page_that_is_gone_is_not_fetched(self):
        found = self.rpc(call("tools/call", {"name": "search", "arguments": {"query": "What does a lost card cost?"}}))[1]["result"]["structuredContent"]["results"][0]
        self.world.site.take_away(found["url"])
        fetched = self.rpc(call("tools/call", {"name": "fetch", "arguments": {"id": found["id"]}}))[1]["result"]
        self.assertTrue(fetched["isError"])
        self.assertIn("404", fetched["content"][0]["text"])
        again = self.rpc(call("tools/call", {"name": "search", "arguments": {"query": "What does a lost card cost?"}}))[1]["result"]["structuredContent"]["results"]
        self.assertNotIn(found["url"], [each["url"] for each in again])


if __name__ == "__main__":
    unittest.main(verbosity=2)
