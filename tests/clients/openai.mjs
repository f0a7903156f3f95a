// node openai.mjs ADDRESS QUESTION: what OpenAI's official package makes of the server, as a line of JSON.
import OpenAI from "openai";

const [address, question] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: "none", maxRetries: 0 });
const seen = { types: [], streamed: "", error: {} };

const whole = await client.responses.create({ model: "renvoi", input: question });
seen.text = whole.output_text;
seen.urls = whole.output[0].content[0].annotations.map((each) => each.url);

for await (const event of await client.responses.create({ model: "renvoi", input: question, stream: true })) {
  seen.types.push(event.type);
  if (event.type === "response.output_text.delta") seen.streamed += event.delta;
}
seen.collected = (await client.responses.stream({ model: "renvoi", input: question }).finalResponse()).output_text;
seen.chat = (await client.chat.completions.create({ model: "renvoi", messages: [{ role: "user", content: question }] })).choices[0].message.content;
// The package asks for base64 and unpacks it.
seen.dimensions = (await client.embeddings.create({ model: "renvoi", input: question })).data[0].embedding.length;
try {
  await client.responses.create({ model: "renvoi", input: question, background: true });
} catch (error) {
  seen.error = { name: error.constructor.name, status: error.status, param: error.param };
}
console.log(JSON.stringify(seen));
