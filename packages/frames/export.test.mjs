// The export frame without a browser.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { getPublicKey } from "@turnkey/crypto";
import { uint8ArrayToHexString } from "@turnkey/encoding";

import { AuthFrame } from "./src/auth/frame.js";
import { ExportFrame } from "./src/export/frame.js";
import { MemoryStorage } from "./src/storage.js";
import { readVectors, Signer, storageWithKey } from "./testing.mjs";

const VECTORS = (await readVectors("bundles")).export_bundles;
const ORGANIZATION = "22222222-2222-4222-8222-222222222222";
const PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
const WALLET = "INJECT_WALLET_EXPORT_BUNDLE";
const KEY = "INJECT_KEY_EXPORT_BUNDLE";

let signer, view, frame, publicKey;

beforeEach(async () => {
  signer = new Signer();
  view = new View();
  frame = new ExportFrame({ storage: new MemoryStorage(), view, signerPublicKey: signer.publicKey });
  ({ value: publicKey } = await frame.ready());
});

test("shows what the valid bundles of the vectors hold", async () => {
  for (const { name, bundle, embeddedPrivate, js_options, js_returns } of VECTORS.valid) {
    if (name.startsWith("secret")) continue; // which no frame is given
    const { returnMnemonic, keyFormat } = js_options;
    const { answer, view } = await injectVector(returnMnemonic ? WALLET : KEY, bundle, embeddedPrivate, { keyFormat });
    assert.deepEqual(answer, { type: "BUNDLE_INJECTED", value: true }, name);
    const shown = returnMnemonic ? { phrase: js_returns } : keyFormat ? js_returns : `0x${js_returns}`;
    assert.deepEqual(view.shown, shown, name);
  }
});

test("refuses the bundles of the vectors that are of another organization or signer, altered or not for it", async () => {
  for (const { name, bundle, embeddedPrivate, organizationId, rejected_by } of VECTORS.invalid) {
    if (rejected_by === "rust") continue; // @turnkey/crypto is not as strict
    await assert.rejects(injectVector(KEY, bundle, embeddedPrivate, { organizationId }), undefined, name);
  }
});

test("shows a phrase as it is, in any language, and its passphrase", async () => {
  for (const [text, shown] of [
    ["ábaco abdomen 的一", { phrase: "ábaco abdomen 的一" }],
    [`${PHRASE}\n crème\nbrûlée `, { phrase: PHRASE, passphrase: " crème\nbrûlée " }],
  ]) {
    await inject(WALLET, text);
    assert.deepEqual(view.shown, shown);
  }
});

test("nothing of what is shown is told to the application", async () => {
  const answer = await inject(WALLET, PHRASE);
  assert.deepEqual(answer, { type: "BUNDLE_INJECTED", value: true });
});

test("an embedded key serves for one bundle", async () => {
  const bundle = signer.exportBundle(PHRASE, publicKey, ORGANIZATION);
  await frame.answer({ type: WALLET, value: bundle, organizationId: ORGANIZATION });
  assert.equal((await frame.answer({ type: "GET_EMBEDDED_PUBLIC_KEY" })).value, "");
  await assert.rejects(
    frame.answer({ type: WALLET, value: bundle, organizationId: ORGANIZATION }),
    /there is no embedded key/,
  );
  assert.notEqual((await frame.answer({ type: "INIT_EMBEDDED_KEY" })).value, publicKey);
});

test("what can't be shown leaves the key for another attempt, and what was shown", async () => {
  const key = Buffer.alloc(32, 0xfe);
  const bundle = signer.exportBundle(key, publicKey, ORGANIZATION);
  const value = { value: bundle, organizationId: ORGANIZATION };
  await assert.rejects(frame.answer({ type: KEY, ...value, keyFormat: "BASE64" }), /BASE64 is not known/);
  await assert.rejects(frame.answer({ type: WALLET, ...value }), TypeError, "no text");
  await assert.rejects(frame.answer({ type: KEY, ...value, organizationId: undefined }), /organization id/);
  await assert.rejects(frame.answer({ type: KEY, value: undefined }), /must be a string/);
  assert.equal(view.shown, undefined);
  await frame.answer({ type: KEY, ...value });
  assert.equal(view.shown, `0x${key.toString("hex")}`);
});

test("a phrase is no private key", async () => {
  await assert.rejects(inject(KEY, PHRASE), /has 32 bytes, and this has 93/);
});

test("what is shown is cleared when the application asks", async () => {
  await inject(WALLET, PHRASE);
  const answer = await frame.answer({ type: "CLEAR_EMBEDDED_PRIVATE_KEY" });
  assert.deepEqual(answer, { type: "EMBEDDED_PRIVATE_KEY_CLEARED", value: true });
  assert.equal(view.shown, undefined);
});

test("a key that came in a bundle opens those that follow, until it is put away", async () => {
  const override = Buffer.alloc(32, 7);
  const overridePublic = uint8ArrayToHexString(getPublicKey(new Uint8Array(override), false));
  const set = await inject("SET_EMBEDDED_KEY_OVERRIDE", override);
  assert.deepEqual(set, { type: "EMBEDDED_KEY_OVERRIDE_SET", value: true });
  assert.equal(view.shown, undefined);

  for (const text of [PHRASE, `${PHRASE}\nagain`]) {
    const value = signer.exportBundle(text, overridePublic, ORGANIZATION);
    await frame.answer({ type: WALLET, value, organizationId: ORGANIZATION });
    assert.equal(view.shown.phrase, PHRASE);
  }
  await frame.answer({ type: "RESET_TO_DEFAULT_EMBEDDED_KEY" });
  const value = signer.exportBundle(PHRASE, overridePublic, ORGANIZATION);
  await assert.rejects(frame.answer({ type: WALLET, value, organizationId: ORGANIZATION }), /no embedded key/);
  await inject(WALLET, PHRASE);
  await assert.rejects(inject("SET_EMBEDDED_KEY_OVERRIDE", PHRASE), /has 32 bytes/);
});

test("settings reach the view, and signing is refused", async () => {
  const settings = { styles: { color: "red" } };
  const answer = await frame.answer({ type: "APPLY_SETTINGS", value: JSON.stringify(settings) });
  assert.deepEqual(answer, { type: "SETTINGS_APPLIED", value: true });
  assert.deepEqual(view.settings, settings);
  for (const type of ["SIGN_MESSAGE", "SIGN_TRANSACTION"]) {
    await assert.rejects(frame.answer({ type, value: "{}" }), /ask the server to sign/);
  }
  assert.equal(await frame.answer({ type: "STAMP_REQUEST", value: "{}" }), undefined);
});

test("its key is not the auth frame's, which has the same storage", async () => {
  const storage = new MemoryStorage();
  const auth = await new AuthFrame(storage).ready();
  const exporter = new ExportFrame({ storage, view, signerPublicKey: signer.publicKey });
  assert.notEqual((await exporter.ready()).value, auth.value);
  await exporter.answer({ type: "RESET_EMBEDDED_KEY" });
  assert.deepEqual(await new AuthFrame(storage).ready(), auth);
});

/** Seals something to the frame's key of now, and injects it. */
async function inject(type, plaintext) {
  const { value: target } = await frame.answer({ type: "INIT_EMBEDDED_KEY" });
  const value = signer.exportBundle(plaintext, target, ORGANIZATION);
  return frame.answer({ type, value, organizationId: ORGANIZATION });
}

async function injectVector(type, value, embeddedPrivate, { keyFormat, organizationId = ORGANIZATION }) {
  const view = new View();
  const storage = storageWithKey("KEYWARD_EXPORT_KEY", embeddedPrivate);
  const frame = new ExportFrame({ storage, view, signerPublicKey: VECTORS.signerPublic });
  return { answer: await frame.answer({ type, value, organizationId, keyFormat }), view };
}

/** Remembers what it is to show. */
class View {
  showPhrase(shown) {
    this.shown = shown;
  }

  showKey(shown) {
    this.shown = shown;
  }

  clear() {
    this.shown = undefined;
  }

  apply(settings) {
    this.settings = settings;
  }
}
