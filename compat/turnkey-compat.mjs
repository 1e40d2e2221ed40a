// Our package `@keyward/turnkey-compat`, with the published packages that are installed here as its peers.

import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { build } from "esbuild";

// It has to lie here while it is read: this is where its imports are looked for.
const directory = await mkdtemp(fileURLToPath(new URL("node_modules/.turnkey-compat-", import.meta.url)));
const outfile = join(directory, "index.mjs");
await build({
  entryPoints: [fileURLToPath(new URL("../packages/turnkey-compat/index.js", import.meta.url))],
  outfile,
  bundle: true,
  packages: "external",
  format: "esm",
  logLevel: "error",
});
export const { adapt } = await import(pathToFileURL(outfile));
await rm(directory, { recursive: true });
