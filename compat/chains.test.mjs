// Sending, with an unmodified @turnkey/sdk-server and a real Ethereum virtual machine.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";

import { Turnkey } from "@turnkey/sdk-server";
import { parseEther, toHex } from "viem";

import { startAnvil } from "./anvil.mjs";
import { UUID, assertThrows } from "./assertions.mjs";
import { startServer } from "./harness.mjs";

const CHAIN = "eip155:31337";
const PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const TOKEN = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const CONTRACT = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
/** Answers every call with 1,500,000: what a token does that everybody holds so much of. */
const EVERYBODY_HOLDS = "0x6216e3605f5260205ff3";
/** Gives up without a word. */
const GIVES_UP = "0x5f5ffd";
const STATUS_TIMEOUT_MS = 30_000;

describe("chains with @turnkey/sdk-server", { timeout: 120_000 }, () => {
  let anvil, directory, server, client, address;

  before(async () => {
    anvil = await startAnvil();
    directory = await mkdtemp(join(tmpdir(), "keyward-chains-"));
    const config = join(directory, "keyward.toml");
    await writeFile(
      config,
      `[chains."${CHAIN}"]
       rpc_urls = ["http://127.0.0.1:1", "${anvil.url}"]
       [[chains."${CHAIN}".tokens]]
       address = "${TOKEN}"
       symbol = "USDC"
       name = "USD Coin"
       decimals = 6
       stable = true`,
    );
    server = await startServer("--config", config);
    client = new Turnkey({
      apiBaseUrl: server.baseUrl,
      defaultOrganizationId: server.organizationId,
      apiPublicKey: server.parentKey.publicKey,
      apiPrivateKey: server.parentKey.privateKey,
    }).apiClient();
    const account = {
      curve: "CURVE_SECP256K1",
      pathFormat: "PATH_FORMAT_BIP32",
      path: "m/44'/60'/0'/0/0",
      addressFormat: "ADDRESS_FORMAT_ETHEREUM",
    };
    const wallet = await client.createWallet({ walletName: "Treasury", accounts: [account] });
    [address] = wallet.addresses;
    await anvil.rpc("anvil_setBalance", address, toHex(parseEther("10")));
    await anvil.rpc("anvil_setCode", TOKEN, EVERYBODY_HOLDS);
    await anvil.rpc("anvil_setCode", CONTRACT, GIVES_UP);
  });
  after(async () => {
    await server?.stop();
    await anvil?.stop();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  test("lists what can be held, and tells what is", async () => {
    const { assets } = await client.listSupportedAssets({ caip2: CHAIN });
    assert.deepEqual(
      assets.map(({ caip19, symbol, decimals, stable }) => ({ caip19, symbol, decimals, stable })),
      [
        { caip19: `${CHAIN}/slip44:60`, symbol: "ETH", decimals: 18, stable: false },
        { caip19: `${CHAIN}/erc20:${TOKEN}`, symbol: "USDC", decimals: 6, stable: true },
      ],
    );
    const { balances } = await client.getWalletAddressBalances({ address, caip2: CHAIN });
    assert.deepEqual(
      balances.map(({ symbol, balance, display }) => [symbol, balance, display.crypto]),
      [
        ["ETH", "10000000000000000000", "10"],
        ["USDC", "1500000", "1.5"],
      ],
    );
  });

  test("sends ether, and tells when it is included", async () => {
    const before = BigInt(await anvil.rpc("eth_getBalance", PAYEE, "latest"));
    assert.equal((await client.getNonces({ address, caip2: CHAIN, nonce: true })).nonce, "0");
    const sent = await send({ to: PAYEE, value: parseEther("1").toString() });
    const status = await outcome(sent);
    assert.equal(status.txStatus, "INCLUDED");
    assert.equal(status.txError, undefined);
    const receipt = await anvil.rpc("eth_getTransactionReceipt", status.eth.txHash);
    assert.equal(receipt.status, "0x1");
    assert.equal(receipt.from, address.toLowerCase());
    assert.equal(BigInt(await anvil.rpc("eth_getBalance", PAYEE, "latest")) - before, parseEther("1"));
    assert.equal((await client.getNonces({ address, caip2: CHAIN, nonce: true })).nonce, "1");
    const { balances } = await client.getWalletAddressBalances({ address, caip2: CHAIN });
    const left = BigInt(balances[0].balance);
    assert.ok(left < parseEther("9") && left > parseEther("8.9"), balances[0].balance);
  });

  test("sends several at once, each with a number of its own", async () => {
    const all = [1, 2, 3, 4, 5].map((value) => send({ to: PAYEE, value: String(value) }));
    for (const sent of await Promise.all(all)) {
      assert.equal((await outcome(sent)).txStatus, "INCLUDED");
    }
    assert.equal((await client.getNonces({ address, caip2: CHAIN, nonce: true })).nonce, "6");
  });

  test("says what will not be sent, and what was in vain", async () => {
    const turnkeyErrorCode = "REQUEST_INVALID";
    const refused = { code: 14, message: /eth_estimateGas/, turnkeyErrorCode: "RPC_CALL_ERROR" };
    await assertThrows(send({ to: CONTRACT }), refused);
    const reverted = await outcome(await send({ to: CONTRACT }, { gasLimit: "100000" }));
    assert.equal(reverted.txStatus, "INCLUDED");
    assert.match(reverted.txError, /reverted/);
    assert.equal(reverted.error.eth.revertChain[0].errorType, "native");
    const poor = await outcome(await send({ to: PAYEE, value: parseEther("100").toString() }, { gasLimit: "21000" }));
    assert.equal(poor.txStatus, "FAILED");
    assert.match(poor.txError, /insufficient funds/i);
    const sponsored = { code: 9, message: "gas sponsorship is not configured", turnkeyErrorCode };
    await assertThrows(send({ to: PAYEE }, { sponsor: true }), sponsored);
    const elsewhere = { code: 3, message: "chain eip155:1 is not configured on this server", turnkeyErrorCode };
    await assertThrows(client.listSupportedAssets({ caip2: "eip155:1" }), elsewhere);
    assert.equal((await client.getGasUsage({})).usageUsd, "0");
  });

  test("clears the code of an account", async () => {
    await anvil.rpc("anvil_setCode", address, `0xef0100${CONTRACT.slice(2).toLowerCase()}`);
    const { sendTransactionStatusId } = await client.ethUndelegate7702({ from: address, caip2: CHAIN });
    assert.equal((await outcome(sendTransactionStatusId)).txStatus, "INCLUDED");
    assert.equal(await anvil.rpc("eth_getCode", address, "latest"), "0x");
  });

  /** Sends a transaction of the account; gives the id to ask for. */
  async function send(call, changes) {
    const request = { from: address, caip2: CHAIN, calls: [call], ...changes };
    const { sendTransactionStatusId, activity } = await client.ethSendTransaction(request);
    assert.equal(activity.status, "ACTIVITY_STATUS_COMPLETED");
    assert.match(sendTransactionStatusId, UUID);
    return sendTransactionStatusId;
  }

  /** What became of a transaction; waits until it is known. */
  async function outcome(sendTransactionStatusId) {
    const deadline = Date.now() + STATUS_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const status = await client.getSendTransactionStatus({ sendTransactionStatusId });
      if (["INCLUDED", "FAILED"].includes(status.txStatus)) return status;
      await sleep(100);
    }
    throw new Error(`${sendTransactionStatusId} is still under way`);
  }
});
