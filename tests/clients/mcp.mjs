// node mcp.mjs http ADDRESS | stdio PROGRAM ARGUMENT...: what the official package makes of the server, as a line of JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [kind, where, ...rest] = process.argv.slice(2);
const transport = kind === "http" ? new StreamableHTTPClientTransport(new URL(`${where}/mcp`))
                                  : new StdioClientTransport({ command: where, args: rest, env: process.env });
const client = new Client({ name: "renvoi-test", version: "1" });
await client.connect(transport);
await client.ping();
const tools = (await client.listTools()).tools;  // from here on the package checks results against the tools' schemas
const search = await client.callTool({ name: "search", arguments: { query: "How long may a book be kept?" } });
const found = JSON.parse(search.content[0].text);
const fetched = await client.callTool({ name: "fetch", arguments: { id: found.results[0].id } });
const wrong = await client.callTool({ name: "fetch", arguments: { id: "https://example.org/elsewhere" } });
let unknown = null;
try {
  await client.callTool({ name: "delete_everything", arguments: {} });
} catch (error) {
  unknown = error.code;
}
console.log(JSON.stringify({
  server: client.getServerVersion(), version: transport.protocolVersion ?? null, tools: tools.map((tool) => tool.name),
  search: search.structuredContent, same: JSON.stringify(found) === JSON.stringify(search.structuredContent),
  fetched: fetched.structuredContent, wrong, unknown,
}));
await client.close();
