// The behaviour suite of the client core, on the stores of Chromium. `cargo xtask compat` builds the
// package for it with the stories in, beside the published one.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startClientBrowser } from "./client/harness.mjs";
import { startServer } from "./harness.mjs";

const DIST = fileURLToPath(new URL("../packages/client/dist-stories", import.meta.url));
const KINDS = { indexedDb: "unextractable", riskierLocalStorage: "local_storage" };

describe("the behaviour suite in Chromium", { timeout: 900_000 }, () => {
  for (const [kind, protection] of Object.entries(KINDS)) {
    test(kind, async (t) => {
      const [server, browser] = await Promise.all([startServer(), startClientBrowser({ dist: DIST })]);
      t.after(() => Promise.all([server.stop(), browser.stop()]));
      const names = await browser.page.evaluate(async () => {
        globalThis.wasm = await import("/client/keyward_client.js");
        globalThis.platform = await import("/client/platform.js");
        return wasm.storyNames();
      });
      assert.ok(names.length > 0);
      for (const name of names) {
        await t.test(name, async () => {
          const story = { name, kind, protection, server: serverOf(server) };
          const failed = await browser.page.evaluate(async ({ name, kind, protection, server }) => {
            const open = async (ground) => {
              const opened = await platform.choosePlatform({ namespace: ground, keys: kind, fallback: "none" });
              if (opened.protection !== protection) throw new Error(opened.protection);
              return opened;
            };
            return wasm.playStory(name, server, open).then(() => null, String);
          }, story);
          assert.equal(failed, null);
        });
      }
    });
  }
});

function serverOf({ baseUrl, organizationId, parentKey, environment }) {
  const authProxyConfigId = environment.AUTH_PROXY_CONFIG_ID;
  return { baseUrl, organizationId, apiPrivateKey: parentKey.privateKey, authProxyConfigId };
}
