// A wallet session from beginning to end, told with one SDK.
//
// `sdk` says how that SDK is called and nothing else:
//   name                                             for the reports
//   client(server, organizationId, credential)       its client; a credential is an API key pair or a stamper
//   submit(client, activity, organizationId, parameters)   → the activity's result
//   signed(client, activity, organizationId, parameters)   → the request, stamped but not sent
// Queries are called on the client itself: they look the same in every JavaScript SDK.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { generateP256KeyPair } from "@turnkey/crypto";
import { createAccount } from "@turnkey/viem";
import {
  isAddress,
  parseEther,
  parseGwei,
  parseTransaction,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
} from "viem";

import { assertErrorAnswer, assertThrows, readSessionJwt, UUID } from "./assertions.mjs";
import { SoftwareAuthenticator } from "./authenticator.mjs";
import { startServer } from "./harness.mjs";

const ETHEREUM = {
  curve: "CURVE_SECP256K1",
  pathFormat: "PATH_FORMAT_BIP32",
  path: "m/44'/60'/0'/0/0",
  addressFormat: "ADDRESS_FORMAT_ETHEREUM",
};
const SOLANA = {
  curve: "CURVE_ED25519",
  pathFormat: "PATH_FORMAT_BIP32",
  path: "m/44'/501'/0'/0'",
  addressFormat: "ADDRESS_FORMAT_SOLANA",
};

const TRANSACTION = {
  type: "eip1559",
  chainId: 11155111,
  nonce: 7,
  to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  value: parseEther("0.01"),
  gas: 21_000n,
  maxFeePerGas: parseGwei("20"),
  maxPriorityFeePerGas: parseGwei("1"),
};

// The example of EIP-712. `EIP712Domain` is spelt out: without it the adapter sends an empty domain.
const TYPED_DATA = {
  types: {
    EIP712Domain: [
      { name: "name", type: "string" },
      { name: "version", type: "string" },
      { name: "chainId", type: "uint256" },
      { name: "verifyingContract", type: "address" },
    ],
    Person: [
      { name: "name", type: "string" },
      { name: "wallet", type: "address" },
    ],
    Mail: [
      { name: "from", type: "Person" },
      { name: "to", type: "Person" },
      { name: "contents", type: "string" },
    ],
  },
  primaryType: "Mail",
  domain: {
    name: "Ether Mail",
    version: "1",
    chainId: 1,
    verifyingContract: "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
  },
  message: {
    from: { name: "Cow", wallet: "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
    to: { name: "Bob", wallet: "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
    contents: "Hello, Bob!",
  },
};

export function tellTheStory(sdk) {
  describe(`${sdk.name}: a wallet session from beginning to end`, { timeout: 120_000 }, () => {
    let server, parent, notarizerPublicKey;

    before(async () => {
      server = await startServer();
      parent = sdk.client(server, server.organizationId, server.parentKey);
      ({ notarizerPublicKey } = await server.publishedKeys());
    });
    after(() => server?.stop());

    test("the parent creates a sub-organization with an end user and a wallet", async () => {
      const alice = await newEndUser(sdk, server);

      assert.match(alice.organizationId, UUID);
      assert.notEqual(alice.organizationId, server.organizationId);
      assert.match(alice.userId, UUID);
      assert.ok(isAddress(alice.ethereumAddress, { strict: true }), alice.ethereumAddress);
      assert.match(alice.solanaAddress, /^[1-9A-HJ-NP-Za-km-z]{32,44}$/);

      const { authenticators } = await parent.getAuthenticators(alice.user);
      assert.equal(authenticators.length, 1);
      assert.equal(authenticators[0].credentialId, alice.passkey.credentialId);
      assert.equal(authenticators[0].attestationType, "none");
      assert.deepEqual(authenticators[0].credential, {
        publicKey: alice.passkey.coseKey.toString("base64url"),
        type: "CREDENTIAL_TYPE_WEBAUTHN_AUTHENTICATOR",
      });
      const { apiKeys } = await parent.getApiKeys(alice.user);
      assert.deepEqual(
        apiKeys.map(({ credential }) => credential),
        [{ publicKey: alice.apiKey.publicKey, type: "CREDENTIAL_TYPE_API_KEY_P256" }],
      );
      const { organizationIds } = await parent.getSubOrgIds({
        organizationId: server.organizationId,
        filterType: "CREDENTIAL_ID",
        filterValue: alice.passkey.credentialId,
      });
      assert.deepEqual(organizationIds, [alice.organizationId]);
    });

    for (const [kind, credentialOf] of [
      ["passkey", (alice) => alice.passkey],
      ["API key", (alice) => alice.apiKey],
    ]) {
      test(`the end user's ${kind} opens a read-write session for a fresh key`, async () => {
        const alice = await newEndUser(sdk, server);
        const earliest = Math.floor(Date.now() / 1000) + 300;
        const session = await openSession(sdk, server, alice, {
          credential: credentialOf(alice),
          expirationSeconds: "300",
        });
        const latest = Math.floor(Date.now() / 1000) + 300;

        const claims = await readSessionJwt(session.jwt, notarizerPublicKey);
        assert.ok(earliest <= claims.exp && claims.exp <= latest, `${claims.exp}`);
        assert.equal(claims.public_key, session.key.publicKey);
        assert.equal(claims.session_type, "SESSION_TYPE_READ_WRITE");
        assert.equal(claims.user_id, alice.userId);
        assert.equal(claims.organization_id, alice.organizationId);

        assert.deepEqual(await session.client.getWhoami({ organizationId: alice.organizationId }), alice.whoami);
        const { apiKeys } = await session.client.getApiKeys(alice.user);
        const listed = apiKeys.find(({ credential }) => credential.publicKey === session.key.publicKey);
        assert.equal(listed?.credential.type, "CREDENTIAL_TYPE_LOGIN");
        assert.equal(listed.expirationSeconds, "300");
      });

      test(`the end user's ${kind} finds its sub-organization through the parent's id`, async () => {
        const alice = await newEndUser(sdk, server);
        const credential = credentialOf(alice);
        const client = sdk.client(server, server.organizationId, credential);
        assert.deepEqual(await client.getWhoami({ organizationId: server.organizationId }), alice.whoami);

        const session = await openSession(sdk, server, alice, {
          credential,
          organizationId: server.organizationId,
        });
        const claims = await readSessionJwt(session.jwt, notarizerPublicKey);
        assert.equal(claims.organization_id, alice.organizationId);
        assert.deepEqual(
          await session.client.getWhoami({ organizationId: server.organizationId }),
          alice.whoami,
        );
      });
    }

    test("a session lasts 900 seconds unless the login says otherwise", async () => {
      const alice = await newEndUser(sdk, server);
      const session = await openSession(sdk, server, alice);
      const { exp } = await readSessionJwt(session.jwt, notarizerPublicKey);
      assert.ok(Math.abs(exp - (Date.now() / 1000 + 900)) < 30, `${exp}`);
    });

    test("the session key signs what viem recovers to the wallet's address", async () => {
      const alice = await newEndUser(sdk, server);
      const session = await openSession(sdk, server, alice);
      const account = await createAccount({
        client: session.client,
        organizationId: alice.organizationId,
        signWith: alice.ethereumAddress,
      });
      assert.equal(account.address, alice.ethereumAddress);

      const serializedTransaction = await account.signTransaction(TRANSACTION);
      const { r: _r, s: _s, v: _v, yParity: _yParity, to, ...fields } = parseTransaction(serializedTransaction);
      assert.deepEqual({ ...fields, to: to.toLowerCase() }, { ...TRANSACTION, to: TRANSACTION.to.toLowerCase() });
      assert.equal(await recoverTransactionAddress({ serializedTransaction }), alice.ethereumAddress);

      const message = "Grüße from a session key";
      const signature = await account.signMessage({ message });
      assert.equal(await recoverMessageAddress({ message, signature }), alice.ethereumAddress);

      const typed = await account.signTypedData(TYPED_DATA);
      assert.equal(
        await recoverTypedDataAddress({ ...TYPED_DATA, signature: typed }),
        alice.ethereumAddress,
      );
    });

    test("the session key signs a message with the Solana account", async () => {
      const alice = await newEndUser(sdk, server);
      const session = await openSession(sdk, server, alice);
      const message = Buffer.from("a message of any length");
      const { r, s, v } = await sdk.submit(session.client, "signRawPayload", alice.organizationId, {
        signWith: alice.solanaAddress,
        payload: message.toString("hex"),
        encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
        hashFunction: "HASH_FUNCTION_NOT_APPLICABLE",
      });
      assert.equal(v, "00");

      const { accounts } = await session.client.getWalletAccounts({
        organizationId: alice.organizationId,
        walletId: alice.walletId,
      });
      const { publicKey } = accounts.find(({ address }) => address === alice.solanaAddress);
      assert.ok(verify(null, message, ed25519PublicKey(publicKey), Buffer.from(r + s, "hex")));
    });

    test("a read-only session reads and is refused on a submission", async () => {
      const alice = await newEndUser(sdk, server);
      const { session, sessionExpiry, ...whose } = await createReadOnlySession(sdk, server, alice);
      assert.deepEqual(whose, alice.whoami);
      assert.match(sessionExpiry, /^\d{10}$/, "seconds, as a decimal string");
      assert.ok(Math.abs(Number(sessionExpiry) - (Date.now() / 1000 + 3600)) < 30, sessionExpiry);

      const reader = sdk.client(server, alice.organizationId, readOnly(session));
      assert.deepEqual(await reader.getWhoami({ organizationId: alice.organizationId }), alice.whoami);
      const { wallets } = await reader.getWallets({ organizationId: alice.organizationId });
      assert.deepEqual(
        wallets.map(({ walletId, walletName }) => ({ walletId, walletName })),
        [{ walletId: alice.walletId, walletName: "Main" }],
      );

      const refusal = {
        status: 401,
        code: 16,
        turnkeyErrorCode: "SIGNATURE_MISSING",
        message:
          "cannot authenticate public API activity request without a stamp (X-Stamp/X-Stamp-Webauthn header)",
      };
      await assertRefused(sdk, server, reader, alice.organizationId, refusal);
    });

    test("the bearer of a read-only session is shown to nobody but its maker", async () => {
      const alice = await newEndUser(sdk, server);
      const { session } = await createReadOnlySession(sdk, server, alice);
      for (const credential of [server.parentKey, alice.apiKey]) {
        const client = sdk.client(server, alice.organizationId, credential);
        const { activities } = await client.getActivities({ organizationId: alice.organizationId });
        assert.ok(activities.some(({ type }) => type === "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION"));
        assert.ok(!JSON.stringify(activities).includes(session));
      }
    });

    test("the parent's key reads the sub-organization and is refused a submission in it", async () => {
      const alice = await newEndUser(sdk, server);
      const { wallets } = await parent.getWallets({ organizationId: alice.organizationId });
      assert.deepEqual(
        wallets.map(({ walletId }) => walletId),
        [alice.walletId],
      );
      const { users } = await parent.getUsers({ organizationId: alice.organizationId });
      assert.deepEqual(
        users.map(({ userId }) => userId),
        [alice.userId],
      );

      await assertRefused(sdk, server, parent, alice.organizationId, {
        status: 400,
        code: 3,
        turnkeyErrorCode: "ORGANIZATION_MISMATCH",
        message: `organization mismatch: request is targeting organization (${alice.organizationId}), but voters are in organization (${server.organizationId})`,
      });
    });

    test("another sub-organization's user is a stranger", async () => {
      const alice = await newEndUser(sdk, server);
      const mallory = await newEndUser(sdk, server);
      const client = sdk.client(server, alice.organizationId, mallory.apiKey);
      const refusal = unknownKey(alice.organizationId, mallory.apiKey.publicKey);
      await assertThrows(client.getWallets({ organizationId: alice.organizationId }), refusal);
      await assertRefused(sdk, server, client, alice.organizationId, refusal);
    });

    test("a login leaves other sessions alone unless it says invalidateExisting", async () => {
      const alice = await newEndUser(sdk, server);
      const first = await openSession(sdk, server, alice);
      const refreshed = await openSession(sdk, server, alice, { credential: first.key });
      for (const session of [first, refreshed]) {
        assert.deepEqual(await session.client.getWhoami({ organizationId: alice.organizationId }), alice.whoami);
      }

      const last = await openSession(sdk, server, alice, {
        credential: refreshed.key,
        invalidateExisting: true,
      });
      for (const { client, key } of [first, refreshed]) {
        const refusal = unknownKey(alice.organizationId, key.publicKey);
        await assertThrows(client.getWallets({ organizationId: alice.organizationId }), refusal);
        await assertRefused(sdk, server, client, alice.organizationId, refusal);
      }
      const survivors = [last.client, sdk.client(server, alice.organizationId, alice.apiKey)];
      for (const client of survivors) {
        assert.deepEqual(await client.getWhoami({ organizationId: alice.organizationId }), alice.whoami);
      }
    });

    test("wallet accounts are walked page by page, oldest first", async () => {
      const alice = await newEndUser(sdk, server);
      const client = sdk.client(server, alice.organizationId, alice.apiKey);
      const indexes = Array.from({ length: 23 }, (_, index) => index + 1);
      const { addresses } = await sdk.submit(client, "createWalletAccounts", alice.organizationId, {
        walletId: alice.walletId,
        accounts: indexes.map((index) => ({ ...ETHEREUM, path: `m/44'/60'/0'/0/${index}` })),
      });
      assert.equal(new Set(addresses).size, 23);
      const expected = [alice.ethereumAddress, alice.solanaAddress, ...addresses];

      const sizes = [];
      const walked = [];
      let after;
      do {
        const { accounts } = await client.getWalletAccounts({
          organizationId: alice.organizationId,
          walletId: alice.walletId,
          paginationOptions: { limit: "10", ...(after && { after }) },
        });
        sizes.push(accounts.length);
        walked.push(...accounts.map(({ address }) => address));
        after = accounts.at(-1)?.walletAccountId;
      } while (sizes.at(-1) === 10);
      assert.deepEqual(sizes, [10, 10, 5]);
      assert.deepEqual(walked, expected);

      const { accounts } = await client.getWalletAccounts({ organizationId: alice.organizationId });
      assert.deepEqual(
        accounts.map(({ address }) => address),
        expected,
        "everything when no page is asked for",
      );
    });

    test("activities are walked page by page, newest first", async () => {
      const alice = await newEndUser(sdk, server);
      const client = sdk.client(server, alice.organizationId, alice.apiKey);
      const created = [];
      for (let index = 0; index < 7; index += 1) {
        const parameters = { walletName: `Wallet ${index}`, accounts: [] };
        const { walletId } = await sdk.submit(client, "createWallet", alice.organizationId, parameters);
        created.unshift(walletId);
      }

      const sizes = [];
      const walked = [];
      let before;
      do {
        const { activities } = await client.getActivities({
          organizationId: alice.organizationId,
          filterByType: ["ACTIVITY_TYPE_CREATE_WALLET"],
          filterByStatus: ["ACTIVITY_STATUS_COMPLETED"],
          paginationOptions: { limit: "3", ...(before && { before }) },
        });
        sizes.push(activities.length);
        walked.push(...activities);
        before = activities.at(-1)?.id;
      } while (sizes.at(-1) === 3);
      assert.deepEqual(sizes, [3, 3, 1]);
      assert.deepEqual(
        walked.map(({ result }) => result.createWalletResult.walletId),
        created,
      );
      assert.equal(new Set(walked.map(({ id }) => id)).size, 7);
    });
  });

  describe(`${sdk.name}: when the session's time is over`, { timeout: 60_000 }, () => {
    let server;
    before(async () => (server = await startServer()));
    after(() => server?.stop());

    test("the session is refused with the text that the SDKs look for", async () => {
      const alice = await newEndUser(sdk, server);
      const reading = await createReadOnlySession(sdk, server, alice);
      const session = await openSession(sdk, server, alice, { expirationSeconds: "60" });
      await server.advanceClock(50);
      assert.deepEqual(await session.client.getWhoami({ organizationId: alice.organizationId }), alice.whoami);

      await server.advanceClock(11);
      const hex = session.key.publicKey;
      const refusal = {
        status: 401,
        code: 16,
        turnkeyErrorCode: "API_KEY_EXPIRED",
        message: `expired api key publicKey=${hex}: rpc error: code = Unauthenticated desc = expired api key publicKey=${hex}`,
      };
      const { organizationId } = alice;
      await assertThrows(session.client.getWallets({ organizationId }), refusal);
      await assertThrows(session.client.getWhoami({ organizationId }), refusal);
      await assertRefused(sdk, server, session.client, organizationId, refusal);

      const next = await openSession(sdk, server, alice, { credential: alice.passkey });
      assert.deepEqual(await next.client.getWhoami({ organizationId }), alice.whoami);

      // Last, because submissions are stamped with this process's time, by now more than an hour ago.
      const reader = sdk.client(server, organizationId, readOnly(reading.session));
      assert.deepEqual(await reader.getWhoami({ organizationId }), alice.whoami);
      await server.advanceClock(3600);
      await assertThrows(reader.getWhoami({ organizationId }), {
        code: 16,
        turnkeyErrorCode: "UNAUTHENTICATED",
      });
    });
  });
}

/** A sub-organization of its own for Alice, who holds a passkey and an API key. */
async function newEndUser(sdk, server) {
  const passkey = new SoftwareAuthenticator();
  const apiKey = generateP256KeyPair();
  const parent = sdk.client(server, server.organizationId, server.parentKey);
  const result = await sdk.submit(parent, "createSubOrganization", server.organizationId, {
    subOrganizationName: "Alice's organization",
    rootQuorumThreshold: 1,
    rootUsers: [
      {
        userName: "Alice",
        apiKeys: [{ apiKeyName: "laptop", publicKey: apiKey.publicKey, curveType: "API_KEY_CURVE_P256" }],
        authenticators: [passkey.register("phone")],
        oauthProviders: [],
      },
    ],
    wallet: { walletName: "Main", accounts: [ETHEREUM, SOLANA] },
  });
  assert.equal(result.rootUserIds.length, 1);
  assert.equal(result.wallet.addresses.length, 2);

  const organizationId = result.subOrganizationId;
  const userId = result.rootUserIds[0];
  return {
    passkey,
    apiKey,
    organizationId,
    userId,
    user: { organizationId, userId },
    whoami: { organizationId, organizationName: "Alice's organization", userId, username: "Alice" },
    walletId: result.wallet.walletId,
    ethereumAddress: result.wallet.addresses[0],
    solanaAddress: result.wallet.addresses[1],
  };
}

/** A read-write session for a fresh key, opened by the API key unless `credential` says otherwise. */
async function openSession(sdk, server, alice, options = {}) {
  const { credential = alice.apiKey, organizationId = alice.organizationId, ...parameters } = options;
  const key = generateP256KeyPair();
  const stamping = sdk.client(server, organizationId, credential);
  const result = await sdk.submit(stamping, "stampLogin", organizationId, {
    publicKey: key.publicKey,
    ...parameters,
  });
  return { key, jwt: result.session, client: sdk.client(server, alice.organizationId, key) };
}

async function createReadOnlySession(sdk, server, alice) {
  const client = sdk.client(server, alice.organizationId, alice.passkey);
  return sdk.submit(client, "createReadOnlySession", alice.organizationId, {});
}

/** A submission is refused, on the wire and as the SDK reports it. */
async function assertRefused(sdk, server, client, organizationId, refusal) {
  const parameters = { walletName: "never", accounts: [] };
  const signed = await sdk.signed(client, "createWallet", organizationId, parameters);
  assertErrorAnswer(await server.forward(signed), refusal);
  await assertThrows(sdk.submit(client, "createWallet", organizationId, parameters), refusal);
}

/** A stamper that shows a read-only session instead of stamping. */
function readOnly(session) {
  return { stamp: async () => ({ stampHeaderName: "X-Session", stampHeaderValue: session }) };
}

function unknownKey(organizationId, publicKey) {
  return {
    status: 401,
    code: 16,
    turnkeyErrorCode: "PUBLIC_KEY_NOT_FOUND",
    message: `could not find public key in organization or its parent organization organizationId=${organizationId} publicKey=${publicKey}`,
  };
}

/** The 32 bytes of an Ed25519 public key, in hex, as a key object. */
function ed25519PublicKey(hex) {
  const x = Buffer.from(hex, "hex").toString("base64url");
  return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
}
