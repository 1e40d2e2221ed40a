// Bundles the frame's script: src/auth-frame.js → dist/auth-frame.js.

import { fileURLToPath } from "node:url";

import { build } from "esbuild";

// @turnkey/crypto needs these for attestations, certificates and web hooks. The frame doesn't, but the
// packages fail to say that they may be left out.
const UNUSED = /^(@peculiar\/x509|borsh|cbor-js|\.\/proof\.mjs|\.\/webhooks\.mjs)$/;

const leaveOutUnused = {
  name: "leave-out-unused",
  setup({ onResolve, resolve }) {
    onResolve({ filter: UNUSED }, async ({ path, pluginData, ...options }) => {
      if (pluginData?.resolving) return undefined;
      const { path: found, errors } = await resolve(path, { ...options, pluginData: { resolving: true } });
      return { path: found, errors, sideEffects: false };
    });
  },
};

await build({
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  entryPoints: ["src/auth-frame.js"],
  outfile: "dist/auth-frame.js",
  bundle: true,
  minify: true,
  format: "iife",
  platform: "browser",
  target: "es2022",
  legalComments: "inline",
  logLevel: "warning",
  plugins: [leaveOutUnused],
});
