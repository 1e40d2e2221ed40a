// Bundles the frames' scripts: src/auth/page.js → dist/auth.js, and so on.

import { fileURLToPath } from "node:url";

import { build } from "esbuild";

// @turnkey/crypto needs these for attestations, certificates and web hooks. The frames don't, but the
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
  entryPoints: Object.fromEntries(["auth", "export", "import"].map((frame) => [frame, `src/${frame}/page.js`])),
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "iife",
  platform: "browser",
  target: "es2022",
  charset: "utf8",
  legalComments: "inline",
  logLevel: "warning",
  plugins: [leaveOutUnused],
});
