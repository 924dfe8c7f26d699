// Opens files in the YAML language server as an editor does, and prints what it says of them, as one JSON document.
//
//   node client.mjs SERVER FOLDER FILE[@LINE:COLUMN]...     lines and columns from 1, where completions are asked for
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [program, folder, ...files] = process.argv.slice(2);
const server = spawn(process.execPath, [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
const waiting = new Map();
const settings = { validate: true, completion: true, schemaStore: { enable: false } };
let [received, number] = [Buffer.alloc(0), 0];

function send(message) {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function ask(method, params) {
  number += 1;
  send({ id: number, method, params });
  return new Promise((resolve) => waiting.set(number, resolve));
}

const told = (uri) => new Promise((resolve) => waiting.set(uri, resolve));

function handle(message) {
  if (message.method === "workspace/configuration") {
    const result = message.params.items.map((item) => (item.section === "yaml" ? settings : null));
    send({ id: message.id, result });
  } else if (message.method === "textDocument/publishDiagnostics") {
    waiting.get(message.params.uri)?.(message.params.diagnostics);
  } else if (message.method && message.id !== undefined) {
    send({ id: message.id, result: null });
  } else if (message.id !== undefined) {
    waiting.get(message.id)?.(message.result);
  }
}

server.stdout.on("data", (data) => {
  received = Buffer.concat([received, data]);
  for (;;) {
    const end = received.indexOf("\r\n\r\n");
    const length = /Content-Length: (\d+)/.exec(received.subarray(0, Math.max(end, 0)).toString());
    if (!length || received.length < end + 4 + Number(length[1])) return;
    handle(JSON.parse(received.subarray(end + 4, end + 4 + Number(length[1])).toString()));
    received = received.subarray(end + 4 + Number(length[1]));
  }
});

const root = pathToFileURL(folder).href;
await ask("initialize", {
  processId: process.pid,
  rootUri: root,
  capabilities: { workspace: { configuration: true }, textDocument: { completion: { completionItem: {} } } },
  workspaceFolders: [{ uri: root, name: "templates" }],
});
send({ method: "initialized", params: {} });
const said = {};
for (const each of files) {
  const [file, place] = each.split("@");
  const uri = pathToFileURL(join(folder, file)).href;
  const problems = told(uri);
  const text = readFileSync(join(folder, file), "utf8");
  send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "yaml", version: 1, text } } });
  said[file] = { problems: (await problems).map((one) => [one.range.start.line + 1, one.message]) };
  if (place) {
    const [line, column] = place.split(":").map(Number);
    const position = { line: line - 1, character: column - 1 };
    const found = await ask("textDocument/completion", { textDocument: { uri }, position });
    said[file].completions = (found.items ?? found).map((item) => item.label);
  }
}
process.stdout.write(JSON.stringify(said));
server.kill();
process.exit(0);
