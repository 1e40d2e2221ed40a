// Our export and import frames under the published stampers, in Chromium: no phrase and no key passes through
// the application.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { english, generateMnemonic, mnemonicToAccount } from "viem/accounts";

import { startBrowser } from "./browser/harness.mjs";
import { backend } from "./browser/user.mjs";
import { startServer } from "./harness.mjs";

const ETHEREUM = {
  curve: "CURVE_SECP256K1",
  pathFormat: "PATH_FORMAT_BIP32",
  path: "m/44'/60'/0'/0/0",
  addressFormat: "ADDRESS_FORMAT_ETHEREUM",
};
const SOLANA = { curve: "CURVE_ED25519", addressFormats: ["ADDRESS_FORMAT_SOLANA"] };
/** From tests/vectors/addresses.json. */
const SOLANA_KEY = "27npWoNE4HfmLeQo1TyWcW7NEA28qnsnDK7kcttDQEWrCWnro83HMJ97rMmpvYYZRwDAvG4KRuB7hTBacvwD7bgi";
const SOLANA_ADDRESS = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";

describe("the export and import frames in Chromium", { timeout: 180_000 }, () => {
  let server, browser, client, organizationId, userId;

  before(async () => {
    server = await startServer();
    browser = await startBrowser();
    client = backend(server);
    ({ organizationId, userId } = await client.getWhoami());
  });
  after(async () => {
    await Promise.all([server?.stop(), browser?.stop()]);
  });

  test("are pages that reach nothing, in any site's frame", async () => {
    for (const page of ["/frames/export", "/frames/import"]) {
      const { status, headers, text } = await server.send(page, { method: "GET" });
      assert.equal(status, 200, text);
      assert.equal(
        headers.get("content-security-policy"),
        "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *",
      );
      assert.ok(!/<style|style=|<script>/.test(text));
    }
  });

  for (const stamper of ["IframeStamper", "IframeStamper2_0"]) {
    test(`a phrase goes in and comes out again with ${stamper}`, async () => {
      const phrase = generateMnemonic(english);
      const typed = ` ${phrase.toUpperCase().replaceAll(" ", "\n")} `;
      const { walletId, addresses } = await importWallet(stamper, { phrase: typed });
      assert.deepEqual(addresses, [mnemonicToAccount(phrase).address]);
      const shown = await exportWallet(stamper, walletId);
      assert.equal(await shown.getByLabel("Recovery phrase").inputValue(), phrase);
      assert.equal(await shown.getByLabel("Passphrase").isVisible(), false);
    });
  }

  test("a passphrase goes with its phrase", async () => {
    const [phrase, passphrase] = [generateMnemonic(english, 256), " très secret"];
    const { walletId, addresses } = await importWallet("IframeStamper", { phrase, passphrase });
    assert.deepEqual(addresses, [mnemonicToAccount(phrase, { passphrase }).address]);
    const shown = await exportWallet("IframeStamper", walletId);
    assert.equal(await shown.getByLabel("Recovery phrase").inputValue(), phrase);
    assert.equal(await shown.getByLabel("Passphrase").inputValue(), passphrase);
    await browser.run(() => frame.stamper.clearEmbeddedPrivateKey());
    assert.equal(await shown.getByLabel("Recovery phrase").isVisible(), false);
  });

  test("a key of Solana goes in and comes out again", async () => {
    const field = await openImport("IframeStamper", await client.initImportPrivateKey({ userId }));
    await field.fill(SOLANA_KEY);
    const encryptedBundle = await browser.run(() => frame.stamper.extractKeyEncryptedBundle("SOLANA"));
    const imported = await client.importPrivateKey({ userId, privateKeyName: "Solana", encryptedBundle, ...SOLANA });
    assert.equal(imported.addresses[0].address, SOLANA_ADDRESS);

    for (const [keyFormat, expected] of [
      ["SOLANA", SOLANA_KEY],
      [undefined, "0x37df573b3ac4ad5b522e064e25b63ea16bcbe79d449e81a0268d1047948bb445"],
    ]) {
      const targetPublicKey = await openFrame("IframeStamper", "export");
      const { privateKeyId } = imported;
      const { exportBundle } = await client.exportPrivateKey({ privateKeyId, targetPublicKey });
      await browser.run(
        ({ exportBundle, organizationId, keyFormat }) =>
          frame.stamper.injectKeyExportBundle(exportBundle, organizationId, keyFormat),
        { exportBundle, organizationId, keyFormat },
      );
      const shown = browser.frame("#frame").getByLabel("Private key");
      assert.equal(await shown.inputValue(), expected);
    }
  });

  test("a word that is none is pointed out, and the bundle waits for its correction", async () => {
    const phrase = generateMnemonic(english);
    const field = await openImport("IframeStamper", await client.initImportWallet({ userId }));
    await field.fill(phrase.replace(/\w+$/, "zooo"));
    const extract = () => browser.run(() => sdk.outcome(frame.stamper.extractWalletEncryptedBundle()));
    assert.match((await extract()).error.message, /word 12 is not a word/);
    const message = browser.frame("#frame").getByRole("alert");
    assert.equal(await message.textContent(), "Word 12 is not a word of recovery phrases.");
    await field.fill(phrase);
    assert.equal(await message.isVisible(), false);
    assert.ok((await extract()).value);
    assert.equal(await field.inputValue(), "", "gone from the page");
    assert.match((await extract()).error.message, /inject one first/);
  });

  test("bundles of another organization or user are refused", async () => {
    const { importBundle } = await client.initImportWallet({ userId });
    await openFrame("IframeStamper", "import");
    const elsewhere = "99999999-9999-4999-8999-999999999999";
    for (const [organization, user] of [[elsewhere, userId], [organizationId, elsewhere]]) {
      const { error } = await browser.run(
        (parameters) => sdk.outcome(frame.stamper.injectImportBundle(...parameters)),
        [importBundle, organization, user],
      );
      assert.match(error.message, /id does not match expected value/);
    }
  });

  async function importWallet(stamper, { phrase, passphrase }) {
    const field = await openImport(stamper, await client.initImportWallet({ userId }));
    await field.fill(phrase);
    if (passphrase !== undefined) {
      await browser.run(() => frame.stamper.applySettings({ enablePassphrase: true, styles: { height: "8em" } }));
      await browser.frame("#frame").getByLabel("Passphrase").fill(passphrase);
    }
    const encryptedBundle = await browser.run(() => frame.stamper.extractWalletEncryptedBundle());
    const walletName = `Wallet ${Date.now()}`;
    return client.importWallet({ userId, walletName, encryptedBundle, accounts: [ETHEREUM] });
  }

  /** Opens the import frame with a bundle; gives the field for the phrase or key. */
  async function openImport(stamper, { importBundle }) {
    await openFrame(stamper, "import");
    await browser.run(
      (parameters) => frame.stamper.injectImportBundle(...parameters),
      [importBundle, organizationId, userId],
    );
    return browser.frame("#frame").getByLabel("Recovery phrase or private key");
  }

  /** What the export frame shows. */
  async function exportWallet(stamper, walletId) {
    const targetPublicKey = await openFrame(stamper, "export");
    const { exportBundle } = await client.exportWallet({ walletId, targetPublicKey });
    const injected = await browser.run(
      (parameters) => frame.stamper.injectWalletExportBundle(...parameters),
      [exportBundle, organizationId],
    );
    assert.equal(injected, true);
    return browser.frame("#frame");
  }

  /** Embeds a frame in a fresh page, which has it as `frame` from here on; gives its key. */
  async function openFrame(kind, page) {
    await browser.reload();
    return browser.run(
      async ({ kind, iframeUrl }) => {
        const stamper = new sdk[kind]({
          iframeUrl,
          iframeElementId: "frame",
          iframeContainer: document.getElementById("frames"),
        });
        globalThis.frame = { stamper };
        return stamper.init();
      },
      { kind, iframeUrl: `${server.baseUrl}/frames/${page}` },
    );
  }
});
