// The auth frame without a browser: its storage, its parent and its clock are made here.

import assert from "node:assert/strict";
import { test } from "node:test";

import { getPublicKey, verifyStampSignature } from "@turnkey/crypto";
import { uint8ArrayFromHexString, uint8ArrayToHexString } from "@turnkey/encoding";

import { openBundle } from "./src/auth/credential.js";
import { AuthFrame } from "./src/auth/frame.js";
import { answerParent } from "./src/channel.js";
import { MemoryStorage } from "./src/storage.js";
import { readVectors, storageWithKey } from "./testing.mjs";

const HOUR_MS = 3_600_000;
const VECTORS = (await readVectors("bundles")).credential_bundles;

test("opens every valid bundle of the vectors, in both spellings", async () => {
  for (const { name, bundle, payload_hex, embeddedPrivate, decrypts_to } of VECTORS.valid) {
    const base64url = Buffer.from(payload_hex, "hex").toString("base64url");
    const publicKey = uint8ArrayToHexString(getPublicKey(uint8ArrayFromHexString(decrypts_to), true));
    for (const spelt of [bundle, base64url]) {
      assert.equal(openBundle(spelt, embeddedPrivate).apiPublicKey, publicKey, name);
    }
  }
});

test("refuses every invalid bundle of the vectors", () => {
  for (const { name, bundle, embeddedPrivate } of VECTORS.invalid) {
    if (name.startsWith("payload as base64url")) continue; // which is for the libraries
    assert.throws(() => openBundle(bundle, embeddedPrivate), undefined, name);
  }
});

test("the embedded key lives for 48 hours, unless a page asks otherwise when it is made", async () => {
  const storage = new MemoryStorage();
  let now = 0;
  const key = async (lifetimeMs) => (await new AuthFrame(storage, () => now).ready(lifetimeMs)).value;

  const first = await key();
  assert.match(first, /^04[0-9a-f]{128}$/);
  assert.equal(await key(HOUR_MS), first, "an override is for new keys only");
  now = 48 * HOUR_MS - 1;
  assert.equal(await key(), first);
  now += 1;
  const second = await key(HOUR_MS);
  assert.notEqual(second, first);
  now += HOUR_MS;
  assert.notEqual(await key(), second);
});

test("an override reaches the key that was made before it arrived", async () => {
  const storage = new MemoryStorage();
  const frame = new AuthFrame(storage, () => 0);
  const [early, late] = await Promise.all([frame.ready(), frame.ready(HOUR_MS)]);
  assert.deepEqual(early, late);
  assert.equal(JSON.parse(storage.getItem("TURNKEY_EMBEDDED_KEY")).expiry, HOUR_MS);
});

test("a key is reset, and the next one is another", async () => {
  const frame = new AuthFrame(new MemoryStorage());
  const { value: first } = await frame.ready();
  assert.deepEqual(await frame.answer({ type: "RESET_EMBEDDED_KEY" }), { type: "EMBEDDED_KEY_RESET", value: true });
  assert.deepEqual(await frame.answer({ type: "GET_EMBEDDED_PUBLIC_KEY" }), { type: "EMBEDDED_PUBLIC_KEY", value: "" });
  const { type, value: second } = await frame.answer({ type: "INIT_EMBEDDED_KEY" });
  assert.equal(type, "EMBEDDED_PUBLIC_KEY");
  assert.notEqual(second, first);
  assert.deepEqual(await frame.answer({ type: "GET_EMBEDDED_PUBLIC_KEY" }), { type, value: second });
});

test("a parent with a port is answered there, and the window is no longer heard", async () => {
  const { window, fromParent, toParent } = embed(withBundleKey());
  const { port1, port2 } = new MessageChannel();
  const answers = new Inbox();
  port1.onmessage = ({ data }) => answers.put(data);

  assert.equal((await toParent.take()).message.type, "PUBLIC_KEY_READY");
  fromParent({ type: "TURNKEY_INIT_MESSAGE_CHANNEL" }, { ports: [port2] });
  assert.equal((await answers.take()).type, "PUBLIC_KEY_READY");
  assert.equal(window.listeners.size, 0);

  port1.postMessage({ type: "STAMP_REQUEST", value: "{}", requestId: "0" });
  const refusal = await answers.take();
  assert.equal(refusal.type, "ERROR");
  assert.equal(refusal.requestId, "0");
  assert.match(refusal.value, /without credential/);

  const [{ bundle, decrypts_to }] = VECTORS.valid;
  port1.postMessage({ type: "INJECT_CREDENTIAL_BUNDLE", value: bundle, requestId: "1" });
  assert.deepEqual(await answers.take(), { type: "BUNDLE_INJECTED", value: true, requestId: "1" });
  port1.postMessage({ type: "STAMP_REQUEST", value: "{}", requestId: "2" });
  const { type, value, requestId } = await answers.take();
  assert.deepEqual([type, requestId], ["STAMP", "2"]);
  const stamp = JSON.parse(Buffer.from(value, "base64url").toString());
  const publicKey = uint8ArrayToHexString(getPublicKey(uint8ArrayFromHexString(decrypts_to), true));
  assert.equal(stamp.publicKey, publicKey);
  assert.equal(stamp.scheme, "SIGNATURE_SCHEME_TK_API_P256");
  assert.equal(await verifyStampSignature(publicKey, stamp.signature, "{}"), true);
  port1.close();
});

test("an older parent is answered through the window, at its own origin", async () => {
  const { fromParent, toParent } = embed(withBundleKey());
  const ready = await toParent.take();
  assert.equal(ready.message.type, "PUBLIC_KEY_READY");

  fromParent({ type: "INJECT_RECOVERY_BUNDLE", value: VECTORS.valid[0].bundle });
  assert.deepEqual(await toParent.take(), {
    message: { type: "BUNDLE_INJECTED", value: true },
    targetOrigin: "https://app.example",
  });
});

test("another window is not answered, nor is what an auth frame doesn't do", async () => {
  const { fromParent, toParent } = embed(withBundleKey());
  await toParent.take();
  fromParent({ type: "RESET_EMBEDDED_KEY" }, { source: {} });
  fromParent({ type: "SIGN_MESSAGE", value: "x" });
  fromParent({ type: "GET_EMBEDDED_PUBLIC_KEY" });
  const { message } = await toParent.take();
  assert.equal(message.type, "EMBEDDED_PUBLIC_KEY");
  assert.notEqual(message.value, "");
});

test("a page of its own has no parent", () => {
  const window = { addEventListener: () => assert.fail("listens") };
  window.parent = window;
  answerParent(window, new AuthFrame(new MemoryStorage()));
});

/** A frame whose embedded key is the one that the vectors are sealed to. */
function withBundleKey() {
  return new AuthFrame(storageWithKey("TURNKEY_EMBEDDED_KEY", VECTORS.valid[0].embeddedPrivate));
}

/** The frame in a window of its own, embedded by https://app.example. */
function embed(frame) {
  const toParent = new Inbox();
  const parent = { postMessage: (message, targetOrigin) => toParent.put({ message, targetOrigin }) };
  const window = {
    parent,
    listeners: new Set(),
    addEventListener: (_type, listener) => window.listeners.add(listener),
    removeEventListener: (_type, listener) => window.listeners.delete(listener),
  };
  answerParent(window, frame);
  const fromParent = (data, { source = parent, ports = [] } = {}) => {
    for (const listener of [...window.listeners]) {
      listener({ data, source, ports, origin: "https://app.example" });
    }
  };
  return { window, fromParent, toParent };
}

/** What arrives, in order. */
class Inbox {
  #waiting = [];
  #arrived = [];

  put(message) {
    const take = this.#waiting.shift();
    if (take) take(message);
    else this.#arrived.push(message);
  }

  async take() {
    return this.#arrived.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }
}
