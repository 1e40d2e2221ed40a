// Who may do what, with an unmodified @turnkey/sdk-server: two approvers, a delegated user who is limited
// to one method of one contract, and a scoped session that may sign and may not export.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { generateP256KeyPair } from "@turnkey/crypto";
import { Turnkey } from "@turnkey/sdk-server";
import {
  encodeFunctionData,
  erc20Abi,
  keccak256,
  parseGwei,
  recoverAddress,
  recoverTransactionAddress,
  serializeTransaction,
  toHex,
} from "viem";

import { UUID } from "./assertions.mjs";
import { startServer } from "./harness.mjs";

const ETHEREUM = {
  curve: "CURVE_SECP256K1",
  pathFormat: "PATH_FORMAT_BIP32",
  path: "m/44'/60'/0'/0/0",
  addressFormat: "ADDRESS_FORMAT_ETHEREUM",
};
const TOKEN = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const STRANGER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

let server;
let root;

before(async () => {
  server = await startServer();
  root = clientOf(server.organizationId, server.parentKey);
});

after(() => server?.stop());

describe("policies with @turnkey/sdk-server", () => {
  test("two approvers sign together, and neither alone", async () => {
    const [first, second, outsider] = await usersOf(root, server.organizationId, 3);
    const address = await walletOf(root, "Treasury");
    const consensus = `approvers.filter(user, user.id in ['${first.userId}', '${second.userId}']).count() == 2`;
    const { policyId } = await root.createPolicy({
      policyName: "Both of them sign",
      effect: "EFFECT_ALLOW",
      condition: "activity.action == 'SIGN' && wallet.label == 'Treasury'",
      consensus,
      notes: "",
    });
    assert.match(policyId, UUID);

    const payload = toHex("together");
    const asked = await first.client.signRawPayload(rawPayload(address, payload));
    assert.equal(asked.activity.status, "ACTIVITY_STATUS_CONSENSUS_NEEDED");
    assert.equal(asked.activity.votes.length, 1);
    assert.equal(asked.r, undefined);

    // Somebody who is not asked counts for nothing, neither as an approver nor on its own.
    const { fingerprint, id } = asked.activity;
    await refused(outsider.client.approveActivity({ fingerprint }));
    await refused(outsider.client.signRawPayload(rawPayload(address, payload)));

    const approved = await second.client.approveActivity({ fingerprint });
    assert.equal(approved.activity.id, id);
    assert.equal(approved.activity.status, "ACTIVITY_STATUS_COMPLETED");
    assert.equal(approved.activity.votes.length, 2);
    const { r, s, v } = approved.activity.result.signRawPayloadResult;
    const signature = `0x${r}${s}${v === "00" ? "1b" : "1c"}`;
    assert.equal(await recoverAddress({ hash: keccak256(payload), signature }), address);

    const { policyEvaluations } = await first.client.getPolicyEvaluations({ activityId: id });
    assert.deepEqual(
      policyEvaluations.map((evaluation) => evaluation.policyEvaluations[0].outcome).sort(),
      ["OUTCOME_ALLOW", "OUTCOME_REQUIRES_CONSENSUS"],
    );

    // One of them may also end it.
    const again = await second.client.signRawPayload(rawPayload(address, toHex("never")));
    const rejected = await first.client.rejectActivity({ fingerprint: again.activity.fingerprint });
    assert.equal(rejected.activity.status, "ACTIVITY_STATUS_REJECTED");
    const late = await second.client.approveActivity({ fingerprint: again.activity.fingerprint });
    assert.equal(late.activity.status, "ACTIVITY_STATUS_REJECTED", "for good");
    await root.deletePolicy({ policyId });
  });

  test("a delegated user transfers one token to one payee, and does nothing else", async () => {
    const [delegate] = await usersOf(root, server.organizationId, 1);
    const address = await walletOf(root, "Payroll");
    const { smartContractInterfaceId } = await root.createSmartContractInterface({
      smartContractAddress: TOKEN,
      smartContractInterface: JSON.stringify(erc20Abi),
      type: "SMART_CONTRACT_INTERFACE_TYPE_ETHEREUM",
      label: "USD Coin",
      notes: "",
    });
    assert.match(smartContractInterfaceId, UUID);
    await root.createPolicy({
      policyName: "Payroll",
      effect: "EFFECT_ALLOW",
      condition: [
        "activity.kind == 'SIGN_TRANSACTION'",
        "wallet.label == 'Payroll'",
        `eth.tx.to == '${TOKEN}'`,
        "eth.tx.value == 0",
        "eth.tx.function_name == 'transfer'",
        `eth.tx.contract_call_args['recipient'] == '${PAYEE}'`,
        "eth.tx.contract_call_args['amount'] <= 5000000",
      ].join(" && "),
      consensus: `approvers.any(user, user.id == '${delegate.userId}')`,
      notes: "",
    });

    const sign = (call, changes) => {
      const data = encodeFunctionData({ abi: erc20Abi, ...call });
      return delegate.client.signTransaction(transaction(address, { to: TOKEN, data, ...changes }));
    };
    const transfer = (payee, amount) => ({ functionName: "transfer", args: [payee, amount] });
    const { signedTransaction } = await sign(transfer(PAYEE, 5_000_000n));
    const serialized = `0x${signedTransaction.replace(/^0x/, "")}`;
    assert.equal(await recoverTransactionAddress({ serializedTransaction: serialized }), address);

    await refused(sign(transfer(PAYEE, 5_000_001n)));
    await refused(sign(transfer(STRANGER, 1n)));
    await refused(sign({ functionName: "approve", args: [PAYEE, 1n] }));
    await refused(sign(transfer(PAYEE, 1n), { value: 1n }));
    await refused(sign(transfer(PAYEE, 1n), { to: STRANGER }));
    await refused(delegate.client.signTransaction(transaction(address, { to: PAYEE, value: 1n })));
    await refused(delegate.client.signRawPayload(rawPayload(address, toHex("anything"))));
    await refused(
      delegate.client.createPolicy({ policyName: "Mine", effect: "EFFECT_ALLOW", condition: "true", notes: "" }),
    );
  });

  test("a scoped session signs and does not export, whoever its user is", async () => {
    const owner = generateP256KeyPair();
    const { subOrganizationId } = await root.createSubOrganization({
      subOrganizationName: "Ada",
      rootQuorumThreshold: 1,
      rootUsers: [
        {
          userName: "Ada",
          apiKeys: [apiKeyOf(owner)],
          authenticators: [],
          oauthProviders: [],
        },
      ],
    });
    const { sessionProfileId } = await root.createSessionProfile({
      sessionProfileName: "Signing",
      scope: "activity.action == 'SIGN'",
      expirationSeconds: "300",
    });
    const ada = clientOf(subOrganizationId, owner);
    const { sessionProfiles } = await ada.getSessionProfiles({});
    assert.ok(sessionProfiles.some((profile) => profile.sessionProfileId === sessionProfileId));
    const address = await walletOf(ada, "Savings");

    const key = generateP256KeyPair();
    const { session } = await ada.stampLogin({
      publicKey: key.publicKey,
      expirationSeconds: "3600",
      sessionProfileId,
    });
    const claims = JSON.parse(Buffer.from(session.split(".")[1], "base64url"));
    assert.equal(claims.session_profile_id, sessionProfileId);
    assert.equal(claims.scope, "activity.action == 'SIGN'");
    assert.ok(claims.exp <= Date.now() / 1000 + 301, "no longer than its profile allows");

    const scoped = clientOf(subOrganizationId, key);
    const { r } = await scoped.signRawPayload(rawPayload(address, toHex("scoped")));
    assert.match(r, /^[0-9a-f]{64}$/);
    const { wallets } = await scoped.getWallets({});
    assert.equal(wallets.length, 1, "reads are not scoped");
    await refused(scoped.createWallet({ walletName: "Another", accounts: [] }));
    await refused(scoped.deleteWallets({ walletIds: [wallets[0].walletId], deleteWithoutExport: true }));
    await refused(scoped.stampLogin({ publicKey: generateP256KeyPair().publicKey }));
  });

  test("a policy that can't be read is refused with the place, and nothing is stored", async () => {
    const before = (await root.getPolicies({})).policies.length;
    for (const [condition, message] of [
      ["eth.tx.value >", /invalid policy condition: Expression cannot be parsed: .* at 1:\d+/],
      ["eth.tx.gasPrice == 1", /invalid policy condition: Expression cannot be evaluated: field does not exist/],
      ["eth.tx.chain_id == '1'", /invalid policy condition: Expression cannot be evaluated: type mismatch/],
      ["(".repeat(10_000), /invalid policy condition: /],
    ]) {
      const made = root.createPolicy({ policyName: "Broken", effect: "EFFECT_ALLOW", condition, notes: "" });
      await assert.rejects(made, (error) => error.code === 3 && message.test(error.message));
    }
    assert.equal((await root.getPolicies({})).policies.length, before);
  });
});

function clientOf(organizationId, key) {
  return new Turnkey({
    apiBaseUrl: server.baseUrl,
    defaultOrganizationId: organizationId,
    apiPublicKey: key.publicKey,
    apiPrivateKey: key.privateKey,
    // What waits for somebody else waits longer than this test.
    activityPoller: { intervalMs: 1, numRetries: 0 },
  }).apiClient();
}

function apiKeyOf({ publicKey }) {
  return { apiKeyName: "key", publicKey, curveType: "API_KEY_CURVE_P256" };
}

/** Users who are not in the root quorum, each with its client. */
async function usersOf(client, organizationId, count) {
  const keys = Array.from({ length: count }, () => generateP256KeyPair());
  const { userIds } = await client.createUsers({
    users: keys.map((key, place) => ({
      userName: `User ${place}`,
      apiKeys: [apiKeyOf(key)],
      authenticators: [],
      oauthProviders: [],
      userTags: [],
    })),
  });
  return userIds.map((userId, place) => ({ userId, client: clientOf(organizationId, keys[place]) }));
}

async function walletOf(client, walletName) {
  const { addresses } = await client.createWallet({ walletName, accounts: [ETHEREUM] });
  return addresses[0];
}

function rawPayload(signWith, payload) {
  return {
    signWith,
    payload,
    encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
    hashFunction: "HASH_FUNCTION_KECCAK256",
  };
}

function transaction(signWith, changes) {
  const unsigned = serializeTransaction({
    type: "eip1559",
    chainId: 1,
    nonce: 0,
    gas: 60_000n,
    maxFeePerGas: parseGwei("20"),
    maxPriorityFeePerGas: parseGwei("1"),
    ...changes,
  });
  return { signWith, type: "TRANSACTION_TYPE_ETHEREUM", unsignedTransaction: unsigned };
}

/** The API's refusal of what no policy allows, which lists what became of each. */
async function refused(promise) {
  const error = await promise.then(
    ({ activity }) => assert.fail(`expected a refusal, not ${activity?.status}`),
    (error) => error,
  );
  assert.equal(error.code, 7, error.stack);
  assert.match(error.message, /sufficient permissions/);
  const detail = error.details.find((detail) => detail["@type"].endsWith("PolicyEnginePermissionError"));
  assert.ok(Array.isArray(detail?.policyEvaluations), JSON.stringify(error.details));
}
