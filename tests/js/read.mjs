// Opens every .automerge file below a folder with the JavaScript Automerge package, and prints one JSON
// document: {"<path below the folder>": {"<root key>": "<text>", …}, …}. It knows nothing of Holdfast.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as Automerge from "@automerge/automerge";

const folder = process.argv[2];
if (folder === undefined) {
  console.error("usage: node read.mjs FOLDER");
  process.exit(2);
}

const documents = {};
for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!file.isFile() || !file.name.endsWith(".automerge")) continue;
  const path = join(file.parentPath ?? file.path, file.name);
  const document = Automerge.load(readFileSync(path));
  const plain = {};
  for (const key of Object.keys(document).sort()) {
    plain[key] = String(document[key]);
  }
  documents[relative(folder, path)] = plain;
}
process.stdout.write(JSON.stringify(documents));
