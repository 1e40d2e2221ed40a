// Private keys as wallets write them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { bs58, bs58check } from "@turnkey/encoding";

import { decodeKey, encodeKey } from "./src/key-format.js";
import { readVectors } from "./testing.mjs";

const { rows } = (await readVectors("addresses")).privateKeyTextForms;
const [{ bundlePlaintextHex: HEX, forms: BITCOIN }] = rows;
const ED25519 = rows.find(({ forms }) => forms.SOLANA).forms;

test("keys are written and read as wallets do", () => {
  const tested = new Set();
  for (const { bundlePlaintextHex, forms } of rows) {
    const key = Buffer.from(bundlePlaintextHex, "hex");
    for (const [format, text] of Object.entries(forms)) {
      tested.add(format);
      assert.equal(encodeKey(key, format), text);
      assert.equal(Buffer.from(decodeKey(text, format)).toString("hex"), bundlePlaintextHex);
    }
  }
  assert.equal(tested.size, 5, "every format of the stamper");
});

test("hexadecimal is meant when no format is named, with 0x, without, and in any case", () => {
  assert.equal(encodeKey(Buffer.from(HEX, "hex")), `0x${HEX}`);
  for (const text of [HEX, `0x${HEX}`, HEX.toUpperCase(), `0X${HEX}`, ` ${HEX.slice(0, 32)}\n${HEX.slice(32)}\n`]) {
    assert.equal(Buffer.from(decodeKey(text)).toString("hex"), HEX);
  }
});

test("what is no key of the format is refused without quoting it", () => {
  const solana = bs58.decode(ED25519.SOLANA);
  const strangers = solana.slice();
  strangers[63] ^= 1;
  const uncompressed = bs58check.encode(Uint8Array.of(0x80, ...Buffer.from(HEX, "hex")));
  for (const [format, texts] of Object.entries({
    HEXADECIMAL: ["", "0x", HEX.slice(2), `${HEX}00`, HEX.replace("a", "g"), ED25519.SOLANA],
    SOLANA: ["", HEX, bs58.encode(solana.subarray(0, 32)), bs58.encode(strangers), `${ED25519.SOLANA}0`],
    BITCOIN_MAINNET_WIF: ["", HEX, BITCOIN.BITCOIN_TESTNET_WIF, uncompressed, `${BITCOIN.BITCOIN_MAINNET_WIF}1`],
    BITCOIN_TESTNET_WIF: ["", BITCOIN.BITCOIN_MAINNET_WIF],
    SUI_BECH32: ["", HEX, ED25519.SUI_BECH32.replace("suiprivkey", "suipubkey"), ED25519.SUI_BECH32.slice(0, -1)],
  })) {
    for (const text of texts) {
      assert.throws(() => decodeKey(text, format), (error) => {
        assert.match(error.message, /^this is not an? .*private key of /);
        assert.ok(text === "" || !error.message.includes(text));
        return true;
      }, `${format}: ${text}`);
    }
  }
  assert.throws(() => encodeKey(Buffer.alloc(31)), /has 32 bytes, and this has 31/);
});

test("a format that the stamper doesn't know is refused", () => {
  for (const format of ["BASE64", "toString", ""]) {
    assert.throws(() => decodeKey(HEX, format), /is not known/);
    assert.throws(() => encodeKey(Buffer.from(HEX, "hex"), format), /is not known/);
  }
});
