#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// schema_editor.js SERVER SCHEMA.json SCENARIO.yaml...: the JSON Schema in an editor, by a YAML language server over LSP.
//
// No shipped scenario has a diagnostic, each of the broken ones has one at the line that is wrong, keys and values are completed, and a
// key has its help. SERVER: yaml-language-server's bin/yaml-language-server. Prints a line for each check; fails at the first that is wrong.
"use strict";
const fs = require("fs");
const path = require("path");
const {spawn} = require("child_process");
const [server, schema, ...scenarios] = process.argv.slice(2);

// What is wrong, the line of it (from 0), and a part of what the editor says.
const broken = [
  ["an unknown key", "name: x\ndurations: 5min\n", 1, /durations is not allowed/],
  ["a number without a unit", "client:\n  timeout: 300\n", 1, /./],
  ["an unknown kind of store", "store: {kind: redis}\n", 0, /./],
  ["a misspelled field of a fault", "faults:\n  - {at: 1min, los: 30%}\n", 1, /los is not allowed/],
  ["a word for a number", "name: x\nreplications: many\n", 1, /./],
  ["a list for a map", "regions: [us-west-1]\n", 0, /Incorrect type/],
  ["an unknown choice", "failover:\n  mode: auto\n", 1, /./],
  ["a misspelled parameter", "client:\n  time_out: 300ms\n", 1, /time_out is not allowed/],
  ["a choice of another parameter", "client:\n  retry: {jitter: some}\n", 1, /./],
  ["a list for a text", "store:\n  primary: [a]\n", 1, /Incorrect type/],
];

const child = spawn(process.execPath, [server, "--stdio"], {stdio: ["pipe", "pipe", "inherit"]});
const waiting = new Map(), diagnostics = new Map();
let buffer = Buffer.alloc(0), count = 0;

function send(message) {
  const body = JSON.stringify(Object.assign({jsonrpc: "2.0"}, message));
  child.stdin.write("Content-Length: " + Buffer.byteLength(body) + "\r\n\r\n" + body);
}
function ask(method, params) {
  const id = ++count;
  return new Promise(resolve => { waiting.set(id, resolve); send({id, method, params}); });
}
function receive(message) {
  if (message.method === "textDocument/publishDiagnostics") {
    const found = diagnostics.get(message.params.uri);
    if (found) found(message.params.diagnostics);
  } else if (message.method === "workspace/configuration") {
    send({id: message.id, result: message.params.items.map(item => item.section === "yaml" ? settings.yaml : null)});
  } else if (message.id !== undefined && message.method) {
    send({id: message.id, result: null});
  } else if (message.id !== undefined) {
    const resolve = waiting.get(message.id);
    waiting.delete(message.id);
    if (resolve) resolve(message.result);
  }
}
child.stdout.on("data", data => {
  buffer = Buffer.concat([buffer, data]);
  for (;;) {
    const end = buffer.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, end).toString())[1]);
    if (buffer.length < end + 4 + length) return;
    const body = buffer.subarray(end + 4, end + 4 + length).toString();
    buffer = buffer.subarray(end + 4 + length);
    receive(JSON.parse(body));
  }
});

const settings = {yaml: {validate: true, completion: true, hover: true, schemaStore: {enable: false}, kubernetesCRDStore: {enable: false},
  schemas: {["file://" + path.resolve(schema)]: "*.yaml"}}};

function open(uri, text) {
  const found = new Promise(resolve => diagnostics.set(uri, resolve));
  send({method: "textDocument/didOpen", params: {textDocument: {uri, languageId: "yaml", version: 1, text}}});
  return found;
}
function check(good, what) {
  if (!good) {
    console.error("failed: " + what);
    process.exit(1);
  }
}
async function complete(name, text, line, character, wanted) {
  const uri = "file:///tmp/complete-" + name + ".yaml";
  await open(uri, text);
  const result = await ask("textDocument/completion", {textDocument: {uri}, position: {line, character}});
  const labels = (Array.isArray(result) ? result : result.items).map(item => item.label);
  for (const label of wanted) check(labels.includes(label), "completion of " + name + " lacks '" + label + "', has " + labels.slice(0, 20));
}

async function main() {
  await ask("initialize", {processId: process.pid, rootUri: null, capabilities: {textDocument: {publishDiagnostics: {}, completion: {}, hover: {}},
    workspace: {configuration: true}}});
  send({method: "initialized", params: {}});
  send({method: "workspace/didChangeConfiguration", params: {settings}});
  for (const file of scenarios) {
    const found = await open("file://" + path.resolve(file), fs.readFileSync(file, "utf8"));
    check(found.length === 0, file + ": " + found.map(d => d.range.start.line + 1 + ": " + d.message).join("; "));
  }
  console.log("shipped scenarios have no diagnostic:", scenarios.length > 50);
  for (const [what, text, line, says] of broken) {
    const found = await open("file:///tmp/broken-" + what.replace(/ /g, "-") + ".yaml", text);
    check(found.some(d => d.range.start.line === line && says.test(d.message)), what + ": " + JSON.stringify(found.map(d => [d.range.start.line, d.message])));
  }
  console.log("broken scenarios have one where they are wrong:", broken.length);
  await complete("keys", "name: x\n\n", 1, 0, ["regions", "store", "client", "faults", "expect"]);
  await complete("parameters", "client:\n  \n", 1, 2, ["timeout", "retry", "pool"]);
  await complete("choices", "store:\n  kind: \n", 1, 8, ["global-datastore", "memcached"]);
  console.log("keys and values are completed");
  const uri = "file:///tmp/hover.yaml";
  await open(uri, "client:\n  timeout: 300ms\n");
  const hover = await ask("textDocument/hover", {textDocument: {uri}, position: {line: 1, character: 4}});
  check(hover && JSON.stringify(hover.contents).length > 40, "no help of client.timeout");
  console.log("a key has its help");
  child.kill();
  process.exit(0);
}
main();
setTimeout(() => { console.error("failed: no answer within 240 s"); process.exit(1); }, 240000).unref();
