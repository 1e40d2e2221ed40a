// Turnkey's adapters, unmodified, as wallets of the libraries that they are for; every signature is
// checked by the network's own library.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { fromBase64, toHex } from "@cosmjs/encoding";
import { Secp256k1, Secp256k1Signature, sha256 } from "@cosmjs/crypto";
import { makeAuthInfoBytes, makeSignBytes, makeSignDoc } from "@cosmjs/proto-signing";
import {
  Keypair,
  PublicKey,
  SystemProgram,
  Transaction,
  TransactionMessage,
  VersionedTransaction,
} from "@solana/web3.js";
import { ApiKeyStamper } from "@turnkey/api-key-stamper";
import { TurnkeyDirectWallet } from "@turnkey/cosmjs";
import { createEIP1193Provider } from "@turnkey/eip-1193-provider";
import { TurnkeySigner as EthersSigner } from "@turnkey/ethers";
import { TurnkeyClient } from "@turnkey/http";
import { Turnkey } from "@turnkey/sdk-server";
import { TurnkeySigner as SolanaSigner } from "@turnkey/solana";
import { createAccount } from "@turnkey/viem";
import * as ethers from "ethers";
import nacl from "tweetnacl";
import {
  hashTypedData,
  parseEther,
  parseGwei,
  recoverAddress,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
} from "viem";
import { recoverAuthorizationAddress } from "viem/utils";

import { startServer } from "./harness.mjs";

const PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const BLOCKHASH = "EETubP5AKHgjPAhzPAFcb8BAY1hMH639CWCFTqi3hq1k";
const TYPED_DATA = {
  domain: { name: "Mail", version: "1", chainId: 1, verifyingContract: PAYEE },
  types: {
    Person: [
      { name: "name", type: "string" },
      { name: "wallet", type: "address" },
    ],
    Mail: [
      { name: "from", type: "Person" },
      { name: "amount", type: "uint256" },
    ],
  },
  primaryType: "Mail",
  message: { from: { name: "Alice", wallet: PAYEE }, amount: 2n ** 200n },
};

let server;
let addresses;
/** Each adapter takes both kinds of client. */
let clients;

before(async () => {
  server = await startServer();
  const sdk = new Turnkey({
    apiBaseUrl: server.baseUrl,
    defaultOrganizationId: server.organizationId,
    apiPublicKey: server.parentKey.publicKey,
    apiPrivateKey: server.parentKey.privateKey,
  }).apiClient();
  const stamper = new ApiKeyStamper({
    apiPublicKey: server.parentKey.publicKey,
    apiPrivateKey: server.parentKey.privateKey,
  });
  const http = new TurnkeyClient({ baseUrl: server.baseUrl }, stamper);
  clients = { "@turnkey/sdk-server": sdk, "@turnkey/http": http };
  const made = await sdk.createWallet({
    walletName: "Adapters",
    accounts: [
      account("SECP256K1", "m/44'/60'/0'/0/0", "ETHEREUM"),
      account("ED25519", "m/44'/501'/0'/0'", "SOLANA"),
      account("SECP256K1", "m/44'/118'/0'/0/0", "COMPRESSED"),
      account("SECP256K1", "m/44'/118'/0'/0/0", "COSMOS"),
    ],
  });
  const [ethereum, solana, compressed, cosmos] = made.addresses;
  addresses = { ethereum, solana, compressed, cosmos };
});

after(() => server?.stop());

for (const kind of ["@turnkey/sdk-server", "@turnkey/http"]) {
  describe(`adapters with ${kind}`, () => {
    test(`@turnkey/viem signs everything viem knows (${kind})`, async () => {
      const account = await viemAccount(kind);
      const address = addresses.ethereum;
      assert.equal(account.address, address);

      const message = "hello";
      const signature = await account.signMessage({ message });
      assert.equal(await recoverMessageAddress({ message, signature }), address);

      // Given as viem's wallet client gives it: with the type of the domain.
      const types = { EIP712Domain: domainType(), ...TYPED_DATA.types };
      const typed = await account.signTypedData({ ...TYPED_DATA, types });
      assert.equal(await recoverTypedDataAddress({ ...TYPED_DATA, signature: typed }), address);

      const common = { to: PAYEE, value: parseEther("1"), gas: 21000n, nonce: 7, chainId: 1 };
      const fees = { maxFeePerGas: parseGwei("20"), maxPriorityFeePerGas: parseGwei("1") };
      for (const transaction of [
        { type: "legacy", ...common, gasPrice: parseGwei("20") },
        { type: "eip2930", ...common, gasPrice: parseGwei("20"), accessList: [] },
        { type: "eip1559", ...common, ...fees },
      ]) {
        const serializedTransaction = await account.signTransaction(transaction);
        assert.equal(await recoverTransactionAddress({ serializedTransaction }), address);
      }

      const authorization = await account.signAuthorization({ contractAddress: PAYEE, chainId: 1, nonce: 8 });
      assert.equal(await recoverAuthorizationAddress({ authorization }), address);
    });

    test(`@turnkey/ethers is an ethers signer (${kind})`, async () => {
      const signer = new EthersSigner({
        client: clients[kind],
        organizationId: server.organizationId,
        signWith: addresses.ethereum,
      });
      assert.equal(await signer.getAddress(), addresses.ethereum);
      assert.equal(ethers.verifyMessage("hello", await signer.signMessage("hello")), addresses.ethereum);
      const { domain, types, message } = TYPED_DATA;
      const typed = await signer.signTypedData(domain, types, message);
      assert.equal(ethers.verifyTypedData(domain, types, message, typed), addresses.ethereum);
      const signed = await signer.signTransaction({
        type: 2,
        to: PAYEE,
        value: ethers.parseEther("1"),
        gasLimit: 21000,
        nonce: 7,
        chainId: 1,
        maxFeePerGas: ethers.parseUnits("20", "gwei"),
        maxPriorityFeePerGas: ethers.parseUnits("1", "gwei"),
      });
      const read = ethers.Transaction.from(signed);
      assert.equal(read.from, addresses.ethereum);
      assert.equal(read.to, PAYEE);
    });

    test(`@turnkey/solana signs old and new transactions (${kind})`, async () => {
      const signer = new SolanaSigner({ client: clients[kind], organizationId: server.organizationId });
      const from = new PublicKey(addresses.solana);

      const message = new TextEncoder().encode("hello");
      const signature = await signer.signMessage(message, addresses.solana);
      assert.ok(nacl.sign.detached.verify(message, signature, from.toBytes()));

      const added = legacy(from);
      await signer.addSignature(added, addresses.solana);
      assert.ok(added.verifySignatures());

      const signed = await signer.signTransaction(legacy(from), addresses.solana);
      assert.ok(signed.verifySignatures());

      const versioned = await signer.signTransaction(v0(from), addresses.solana);
      assert.ok(verifies(versioned, from));

      const all = await signer.signAllTransactions([v0(from), v0(from)], addresses.solana);
      assert.equal(all.length, 2);
      for (const one of all) assert.ok(verifies(one, from));

      // Somebody else signs as well, and that signature stays.
      const other = Keypair.generate();
      const shared = legacy(other.publicKey, from);
      shared.partialSign(other);
      const both = await signer.signTransaction(shared, addresses.solana);
      assert.ok(both.verifySignatures());
    });
  });
}

test("@turnkey/cosmjs is a direct signer", async () => {
  const wallet = await TurnkeyDirectWallet.init({
    config: {
      client: clients["@turnkey/sdk-server"],
      organizationId: server.organizationId,
      signWith: addresses.compressed,
    },
  });
  const [account] = await wallet.getAccounts();
  assert.equal(account.address, addresses.cosmos);
  assert.equal(toHex(account.pubkey), addresses.compressed);

  let signed = 0;
  for (let sequence = 0; signed < 3 && sequence < 20; sequence += 1) {
    const auth = makeAuthInfoBytes([{ pubkey: anyKey(account.pubkey), sequence }], [], 200000, undefined, undefined);
    const signDoc = makeSignDoc(new Uint8Array([10, 0]), auth, "cosmoshub-4", 1);
    let answer;
    try {
      answer = await wallet.signDirect(account.address, signDoc);
    } catch (refusal) {
      // The adapter itself refuses numbers that begin with a zero byte, one in 128.
      if (!/leading|must be exactly 32 bytes|bytes/i.test(String(refusal))) throw refusal;
      continue;
    }
    const signature = Secp256k1Signature.fromFixedLength(fromBase64(answer.signature.signature));
    const digest = sha256(makeSignBytes(answer.signed));
    assert.ok(await Secp256k1.verifySignature(signature, digest, account.pubkey));
    signed += 1;
  }
  assert.equal(signed, 3);
});

test("@turnkey/eip-1193-provider answers a dapp", async (t) => {
  const node = await startNode("0x7a69");
  t.after(() => node.close());
  // The provider takes plain HTTP in development only.
  process.env.NODE_ENV = "development";
  const chain = { chainName: "Local", chainId: "0x7a69", rpcUrls: [`http://127.0.0.1:${node.address().port}`] };
  // The provider shows every account of its wallet.
  const made = await clients["@turnkey/sdk-server"].createWallet({
    walletName: "Dapp",
    accounts: [account("SECP256K1", "m/44'/60'/0'/0/0", "ETHEREUM")],
  });
  const [address] = made.addresses;
  const provider = await createEIP1193Provider({
    walletId: made.walletId,
    organizationId: server.organizationId,
    turnkeyClient: clients["@turnkey/http"],
    chains: [chain],
  });
  const accounts = await provider.request({ method: "eth_requestAccounts" });
  assert.deepEqual(accounts, [address]);

  const types = { EIP712Domain: domainType(), ...TYPED_DATA.types };
  const data = { ...TYPED_DATA, types, message: { ...TYPED_DATA.message, amount: (2n ** 200n).toString() } };
  const signature = await provider.request({
    method: "eth_signTypedData_v4",
    params: [address, data],
  });
  const hash = hashTypedData(TYPED_DATA);
  assert.equal(await recoverAddress({ hash, signature }), address);

  // The adapter takes what `personal_sign` is given for the digest.
  const digest = `0x${"42".repeat(32)}`;
  const personal = await provider.request({ method: "personal_sign", params: [digest, address] });
  assert.equal(await recoverAddress({ hash: digest, signature: personal }), address);

  const signed = await provider.request({
    method: "eth_signTransaction",
    params: [
      {
        from: address,
        to: PAYEE,
        value: "0x1",
        gas: "0x5208",
        nonce: "0x7",
        chainId: "0x7a69",
        type: "0x2",
        maxFeePerGas: "0x4a817c800",
        maxPriorityFeePerGas: "0x3b9aca00",
      },
    ],
  });
  const serializedTransaction = signed;
  assert.equal(await recoverTransactionAddress({ serializedTransaction }), address);
});

/** As much of a node as the provider asks before it serves a chain. */
async function startNode(chainId) {
  const node = createServer(async (request, response) => {
    const { id, method } = JSON.parse(Buffer.concat(await request.toArray()));
    assert.equal(method, "eth_chainId");
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result: chainId }));
  });
  await once(node.listen(0, "127.0.0.1"), "listening");
  return node;
}

function account(curve, path, addressFormat) {
  return {
    curve: `CURVE_${curve}`,
    pathFormat: "PATH_FORMAT_BIP32",
    path,
    addressFormat: `ADDRESS_FORMAT_${addressFormat}`,
  };
}

function viemAccount(kind) {
  return createAccount({
    client: clients[kind],
    organizationId: server.organizationId,
    signWith: addresses.ethereum,
  });
}

function domainType() {
  return [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ];
}

/** A transfer that the first key pays for; others sign as well. */
function legacy(payer, ...others) {
  const transaction = new Transaction({ feePayer: payer, blockhash: BLOCKHASH, lastValidBlockHeight: 1 });
  for (const from of [payer, ...others]) {
    transaction.add(SystemProgram.transfer({ fromPubkey: from, toPubkey: payer, lamports: 1 }));
  }
  return transaction;
}

function v0(from) {
  const instructions = [SystemProgram.transfer({ fromPubkey: from, toPubkey: from, lamports: 1 })];
  const message = new TransactionMessage({ payerKey: from, recentBlockhash: BLOCKHASH, instructions });
  return new VersionedTransaction(message.compileToV0Message());
}

function verifies(transaction, from) {
  return nacl.sign.detached.verify(transaction.message.serialize(), transaction.signatures[0], from.toBytes());
}

/** A public key as Cosmos wraps it: protobuf `PubKey { 1: key }`. */
function anyKey(key) {
  return { typeUrl: "/cosmos.crypto.secp256k1.PubKey", value: Uint8Array.from([10, 33, ...key]) };
}
