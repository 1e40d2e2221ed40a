// What a browser downloads, against the budget. `cargo xtask bench` runs it.

import { readFileSync, readdirSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const BUDGET_KIB = 150;

const dist = new URL("dist/", import.meta.url);
const files = readdirSync(dist).filter((name) => /\.(js|wasm)$/.test(name));
const kib = (compress) =>
  files.reduce((sum, name) => sum + compress(readFileSync(new URL(name, dist))).length, 0) / 1024;

const gzip = kib((bytes) => gzipSync(bytes, { level: 9 }));
const brotli = kib(brotliCompressSync);
const verdict = gzip <= BUDGET_KIB ? "" : "  over";
console.log(`web client, gzip   ${gzip.toFixed(1).padStart(8)} KiB   ≤ ${BUDGET_KIB}${verdict}`);
console.log(`web client, brotli ${brotli.toFixed(1).padStart(8)} KiB`);
