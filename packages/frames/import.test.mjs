// The import frame without a browser.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { getPublicKey } from "@turnkey/crypto";
import { uint8ArrayToHexString } from "@turnkey/encoding";

import { ImportFrame } from "./src/import/frame.js";
import { readPhrase } from "./src/import/phrase.js";
import { applyStyles } from "./src/settings.js";
import { openMessage, readVectors, Signer } from "./testing.mjs";

const VECTORS = (await readVectors("bundles")).import;
const { mnemonicLanguages: LANGUAGES, privateKeyTextForms: KEYS } = await readVectors("addresses");
const ORGANIZATION = "22222222-2222-4222-8222-222222222222";
const USER = "33333333-3333-4333-8333-333333333333";
const PHRASE = "test test test test test test test test test test test junk";
const TARGET = "1441e8a88aa347d38b11337b387e515ef50a773859a22b838fd9126a807bcc43";
const WALLET = { type: "EXTRACT_WALLET_ENCRYPTED_BUNDLE" };
const KEY = { type: "EXTRACT_KEY_ENCRYPTED_BUNDLE" };

let signer, view, frame;

beforeEach(() => {
  signer = new Signer();
  view = new View();
  frame = new ImportFrame({ view, signerPublicKey: signer.publicKey });
});

test("is ready without a key: nothing is sealed to it", async () => {
  assert.deepEqual(await frame.ready(), { type: "PUBLIC_KEY_READY", value: "" });
  for (const type of ["GET_EMBEDDED_PUBLIC_KEY", "INIT_EMBEDDED_KEY"]) {
    assert.deepEqual(await frame.answer({ type }), { type: "EMBEDDED_PUBLIC_KEY", value: "" });
  }
  assert.deepEqual(await frame.answer({ type: "RESET_EMBEDDED_KEY" }), { type: "EMBEDDED_KEY_RESET", value: true });
  assert.equal(await frame.answer({ type: "STAMP_REQUEST", value: "{}" }), undefined);
});

test("takes the target bundle of the vectors", async () => {
  const signerPublicKey = JSON.parse(VECTORS.target_bundle.bundle).enclaveQuorumPublic;
  const frame = new ImportFrame({ view, signerPublicKey });
  view.secret = PHRASE;
  await injectInto(frame, VECTORS.target_bundle.bundle);
  assert.equal(openText((await frame.answer(WALLET)).value), PHRASE);
});

test("refuses the target bundles of the vectors that are of another organization, user or signer, or altered", async () => {
  const signerPublicKey = JSON.parse(VECTORS.target_bundle.bundle).enclaveQuorumPublic;
  const frame = new ImportFrame({ view, signerPublicKey });
  view.secret = PHRASE;
  for (const { name, importBundle, organizationId, userId, rejected_by } of VECTORS.invalid_target_bundles) {
    if (rejected_by === "rust") continue; // @turnkey/crypto is not as strict
    await injectInto(frame, VECTORS.target_bundle.bundle);
    await assert.rejects(injectInto(frame, importBundle, organizationId, userId), undefined, name);
    await assert.rejects(frame.answer(WALLET), /inject one first/, name);
  }
  await assert.rejects(injectInto(frame, VECTORS.target_bundle.bundle, null), /organization id/);
  await assert.rejects(injectInto(frame, VECTORS.target_bundle.bundle, ORGANIZATION, null), /user id/);
  await assert.rejects(frame.answer({ type: "INJECT_IMPORT_BUNDLE" }), /must be a string/);
});

test("a phrase is sealed as the server reads it, with its passphrase as typed", async () => {
  for (const [secret, passphrase, sealed] of [
    [PHRASE, "", PHRASE],
    [`\n Test  TEST\ttest ${PHRASE.slice(15)} \n`, "", PHRASE],
    [PHRASE, " Très  secret ", `${PHRASE}\n--PASS--\n Très  secret `],
  ]) {
    Object.assign(view, { secret, passphrase });
    await inject();
    const { type, value } = await frame.answer(WALLET);
    assert.equal(type, "ENCRYPTED_BUNDLE_EXTRACTED");
    assert.deepEqual(Object.keys(JSON.parse(value)), ["encappedPublic", "ciphertext"]);
    assert.equal(openText(value), sealed);
  }
});

test("keys are sealed as their 32 bytes, in every format", async () => {
  for (const { bundlePlaintextHex, forms } of KEYS.rows) {
    for (const [keyFormat, secret] of [...Object.entries(forms), [undefined, bundlePlaintextHex]]) {
      view.secret = secret;
      await inject();
      const { value } = await frame.answer({ ...KEY, keyFormat });
      assert.equal(openMessage(value, TARGET), bundlePlaintextHex, keyFormat);
    }
  }
});

test("the text is gone after it was sealed, and the bundle has served", async () => {
  view.secret = PHRASE;
  await inject();
  const [first, second] = await Promise.allSettled([frame.answer(WALLET), frame.answer(WALLET)]);
  assert.equal(first.status, "fulfilled");
  assert.match(second.reason.message, /serves once: inject one first/);
  assert.deepEqual([view.secret, view.passphrase], ["", ""]);
});

test("what is no phrase or key is said to the user, who may correct it", async () => {
  await inject();
  view.secret = PHRASE.replace("junk", "junc");
  await assert.rejects(frame.answer(WALLET), /word 12 is not a word/);
  assert.equal(view.refused, "word 12 is not a word of recovery phrases");
  view.secret = "0xabc";
  await assert.rejects(frame.answer(KEY), /64 hexadecimal digits/);
  assert.match(view.refused, /64 hexadecimal digits/);
  await assert.rejects(frame.answer({ ...KEY, keyFormat: "BASE64" }), /BASE64 is not known/);
  view.secret = PHRASE;
  assert.equal(openText((await frame.answer(WALLET)).value), PHRASE);
});

test("phrases of every language are read, composed or not", () => {
  assert.ok(LANGUAGES.rows.length >= 10);
  for (const { mnemonic } of LANGUAGES.rows) {
    const words = mnemonic.normalize("NFKD").split(" ").join(" ");
    for (const typed of [mnemonic.normalize("NFC"), mnemonic.normalize("NFKD"), ` ${mnemonic}\n`]) {
      assert.equal(readPhrase(typed), words);
    }
  }
});

test("what is wrong with a phrase is said without quoting it", () => {
  for (const [text, reason] of [
    ["", /no recovery phrase yet/],
    [" \n", /no recovery phrase yet/],
    [`${PHRASE} test`, /and this has 13$/],
    ["0x1234", /and this has 1$/],
    [PHRASE.replace("test junk", "tset junk"), /: word 11 is not/],
    [PHRASE.replace("junk", "test"), /or their order is$/],
  ]) {
    assert.throws(() => readPhrase(text), reason);
  }
});

test("settings reach the view, which takes the styles of the stamper and no others", async () => {
  const settings = { styles: { fontSize: "20px" }, enablePassphrase: true };
  const answer = await frame.answer({ type: "APPLY_SETTINGS", value: JSON.stringify(settings) });
  assert.deepEqual(answer, { type: "SETTINGS_APPLIED", value: true });
  assert.deepEqual(view.settings, settings);

  const [field, label] = [{ style: {} }, { style: {} }];
  applyStyles(undefined, { field, label });
  applyStyles({ color: "red", labelColor: "blue" }, { field, label });
  assert.deepEqual([field.style, label.style], [{ color: "red" }, { color: "blue" }]);
  assert.throws(() => applyStyles({ backgroundImage: "url(//elsewhere)" }, { field, label }), /is not known/);
  // As a browser does with what it doesn't understand.
  Object.defineProperty(field.style, "width", { get: () => "", set: () => undefined });
  assert.throws(() => applyStyles({ width: "wide" }, { field, label }), /the style width can't be wide/);
});

function inject() {
  const targetPublic = uint8ArrayToHexString(getPublicKey(new Uint8Array(Buffer.from(TARGET, "hex")), false));
  return injectInto(frame, signer.importBundle(targetPublic, ORGANIZATION, USER));
}

function injectInto(frame, value, ...[organizationId = ORGANIZATION, userId = USER]) {
  return frame.answer({ type: "INJECT_IMPORT_BUNDLE", value, organizationId, userId });
}

function openText(message) {
  return Buffer.from(openMessage(message, TARGET), "hex").toString();
}

/** What the user typed, and was told. */
class View {
  secret = "";
  passphrase = "";

  refuse(reason) {
    this.refused = reason;
  }

  clear() {
    this.secret = this.passphrase = "";
  }

  apply(settings) {
    this.settings = settings;
  }
}
