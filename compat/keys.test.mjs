// Wallets, private keys and secrets on their way in and out, sealed and opened by @turnkey/crypto, and
// opened again by other wallets' own libraries.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Keypair } from "@solana/web3.js";
import {
  decryptExportBundle,
  decryptSecretBundle,
  encryptPrivateKeyToBundle,
  encryptSecretToBundle,
  encryptWalletToBundle,
  generateP256KeyPair,
} from "@turnkey/crypto";
import { Turnkey } from "@turnkey/sdk-server";
import { mnemonicToSeedSync } from "bip39";
import bs58 from "bs58";
import { derivePath } from "ed25519-hd-key";
import { english, generateMnemonic, generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from "viem/accounts";

import { startServer, stamperOf } from "./harness.mjs";

const ACCOUNTS = [
  account("SECP256K1", "m/44'/60'/0'/0/0", "ETHEREUM"),
  account("ED25519", "m/44'/501'/0'/0'", "SOLANA"),
];

let server;
let client;
let userId;
/** What every function of @turnkey/crypto needs to know of this server. */
let scope;

before(async () => {
  server = await startServer();
  client = new Turnkey({
    apiBaseUrl: server.baseUrl,
    defaultOrganizationId: server.organizationId,
    apiPublicKey: server.parentKey.publicKey,
    apiPrivateKey: server.parentKey.privateKey,
  }).apiClient();
  ({ userId } = await client.getWhoami());
  const { signerPublicKey } = await server.publishedKeys();
  scope = { organizationId: server.organizationId, dangerouslyOverrideSignerPublicKey: signerPublicKey };
});

after(() => server?.stop());

describe("keys with @turnkey/crypto", () => {
  test("a wallet that was made here opens in viem and @solana/web3.js", async () => {
    const { walletId, addresses } = await client.createWallet({ walletName: "Made here", accounts: ACCOUNTS });
    const mnemonic = await exported("exportWallet", { walletId }, { returnMnemonic: true });
    assert.equal(mnemonic.split(" ").length, 12);
    assert.deepEqual(addressesOf(mnemonic), addresses);
    const { wallet } = await client.getWallet({ walletId });
    assert.deepEqual([wallet.exported, wallet.imported], [true, false]);
  });

  test("a wallet that was made elsewhere comes in with its addresses", async () => {
    for (const strength of [128, 256]) {
      const mnemonic = generateMnemonic(english, strength);
      const made = await importWallet(`Made elsewhere ${strength}`, mnemonic);
      assert.deepEqual(made.addresses, addressesOf(mnemonic));
      const { wallet } = await client.getWallet({ walletId: made.walletId });
      assert.deepEqual([wallet.exported, wallet.imported], [false, true]);
      assert.equal(await exported("exportWallet", { walletId: made.walletId }, { returnMnemonic: true }), mnemonic);
      await assert.rejects(importWallet("Again", mnemonic), /already imported in this organization/);
    }
  });

  test("private keys come in and go out as their chains write them", async () => {
    const ethereum = generatePrivateKey();
    const evm = await importKey("An Ethereum key", ethereum, "SECP256K1", "ETHEREUM", "HEXADECIMAL");
    assert.equal(evm.addresses[0].address, privateKeyToAccount(ethereum).address);
    const { privateKeyId } = evm;
    assert.equal(`0x${await exported("exportPrivateKey", { privateKeyId }, { keyFormat: "HEXADECIMAL" })}`, ethereum);

    const pair = Keypair.generate();
    const secret = bs58.encode(pair.secretKey);
    const sol = await importKey("A Solana key", secret, "ED25519", "SOLANA", "SOLANA");
    assert.equal(sol.addresses[0].address, pair.publicKey.toBase58());
    const target = { privateKeyId: sol.privateKeyId };
    assert.equal(await exported("exportPrivateKey", target, { keyFormat: "SOLANA" }), secret);
    await assert.rejects(importKey("Again", secret, "ED25519", "SOLANA", "SOLANA"), /already been imported/);
  });

  test("one account goes out alone", async () => {
    const made = await client.createWallet({ walletName: "One of two", accounts: ACCOUNTS });
    const [address] = made.addresses;
    const key = await exported("exportWalletAccount", { address }, { keyFormat: "HEXADECIMAL" });
    assert.equal(privateKeyToAccount(`0x${key}`).address, address);
    const { wallet } = await client.getWallet({ walletId: made.walletId });
    assert.equal(wallet.exported, false);
  });

  test("a bundle for another user, another organization or by another key is refused", async () => {
    const { importBundle } = await client.initImportWallet({ userId });
    const seal = (changes) =>
      encryptWalletToBundle({ mnemonic: generateMnemonic(english), importBundle, userId, ...scope, ...changes });
    await assert.rejects(seal({ userId: server.organizationId }));
    await assert.rejects(seal({ organizationId: userId }));
    await assert.rejects(seal({ dangerouslyOverrideSignerPublicKey: undefined }));
    await assert.rejects(importWallet("Bad", "abandon ".repeat(12).trim()), /invalid mnemonic/);
    const encryptedBundle = await seal({});
    const asked = { userId, walletName: "Once", encryptedBundle, accounts: [] };
    await client.importWallet(asked);
    await assert.rejects(client.importWallet({ ...asked, walletName: "Twice" }), /no import bundle/);
  });

  test("secrets come in, are listed, and go out", async () => {
    const suite = "TRANSPORT_ENCRYPTION_SUITE_ENCLAVE_ENCRYPT_V1";
    const begun = await submit("init_import_secrets", { encryptionSuite: suite, numSecrets: 1 });
    const [message] = begun.enclaveTargetMessages;
    const sealed = await encryptSecretToBundle({ plaintext: "zwölf Boxkämpfer", ingressTargetBundle: message, ...scope });
    const secrets = [{ name: "a", ...sealed, encryptionSuite: suite }];
    const { secretIds } = await submit("import_secrets", { secrets });
    const listed = await client.listSecrets({});
    assert.deepEqual(listed.secrets.map((secret) => secret.secretId), secretIds);
    const key = generateP256KeyPair();
    const target = { secretId: secretIds[0], targetPublicKey: key.publicKeyUncompressed, encryptionSuite: suite };
    const { secretPayloads } = await submit("export_secrets", { secrets: [target] });
    const [secretPayload] = secretPayloads;
    const opened = await decryptSecretBundle({ secretPayload, embeddedPrivateKey: key.privateKey, ...scope });
    assert.equal(opened, "zwölf Boxkämpfer");
    await submit("delete_secrets", { secretIds });
    assert.deepEqual((await client.listSecrets({})).secrets, []);
  });
});

function account(curve, path, addressFormat) {
  return {
    curve: `CURVE_${curve}`,
    pathFormat: "PATH_FORMAT_BIP32",
    path,
    addressFormat: `ADDRESS_FORMAT_${addressFormat}`,
  };
}

/** What other wallets make of a mnemonic: viem, and web3.js over SLIP-10. */
function addressesOf(mnemonic) {
  const { key } = derivePath("m/44'/501'/0'/0'", mnemonicToSeedSync(mnemonic).toString("hex"));
  return [mnemonicToAccount(mnemonic).address, Keypair.fromSeed(key).publicKey.toBase58()];
}

async function importWallet(walletName, mnemonic) {
  const { importBundle } = await client.initImportWallet({ userId });
  const encryptedBundle = await encryptWalletToBundle({ mnemonic, importBundle, userId, ...scope });
  return client.importWallet({ userId, walletName, encryptedBundle, accounts: ACCOUNTS });
}

async function importKey(privateKeyName, privateKey, curve, format, keyFormat) {
  const { importBundle } = await client.initImportPrivateKey({ userId });
  const sealed = await encryptPrivateKeyToBundle({ privateKey, keyFormat, importBundle, userId, ...scope });
  return client.importPrivateKey({
    userId,
    privateKeyName,
    encryptedBundle: sealed,
    curve: `CURVE_${curve}`,
    addressFormats: [`ADDRESS_FORMAT_${format}`],
  });
}

async function exported(method, what, form) {
  const key = generateP256KeyPair();
  const { exportBundle } = await client[method]({ ...what, targetPublicKey: key.publicKeyUncompressed });
  return decryptExportBundle({ exportBundle, embeddedKey: key.privateKey, ...form, ...scope });
}

/** Activities that the SDK has no method for. */
async function submit(route, parameters) {
  const type = `ACTIVITY_TYPE_${route.toUpperCase()}`;
  const { organizationId } = server;
  const body = JSON.stringify({ type, timestampMs: String(Date.now()), organizationId, parameters });
  const { json, text } = await server.sendStamped(`/public/v1/submit/${route}`, body, stamperOf(server.parentKey));
  assert.equal(json?.activity?.status, "ACTIVITY_STATUS_COMPLETED", text);
  return Object.values(json.activity.result)[0];
}
