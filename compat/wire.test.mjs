// What every SDK relies on but none shows: error shapes, CORS, exact bytes. Plain fetch.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { compressRawPublicKey, generateP256KeyPair, toDerSignature } from "@turnkey/crypto";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { assertErrorAnswer, UUID } from "./assertions.mjs";
import { backend } from "./browser/user.mjs";
import { stamperOf, startServer } from "./harness.mjs";

const WHOAMI = "/public/v1/query/whoami";
const CREATE_WALLET = "/public/v1/submit/create_wallet";

describe("on the wire", { timeout: 60_000 }, () => {
  let server, stamper;
  before(async () => {
    server = await startServer();
    stamper = stamperOf(server.parentKey);
  });
  after(() => server?.stop());

  const whoami = () => JSON.stringify({ organizationId: server.organizationId });
  const createWallet = (walletName) =>
    JSON.stringify({
      type: "ACTIVITY_TYPE_CREATE_WALLET",
      timestampMs: String(Date.now()),
      organizationId: server.organizationId,
      parameters: { walletName, accounts: [] },
    });

  test("a query answers plain application/json, open to all origins", async () => {
    const answer = await server.sendStamped(WHOAMI, whoami(), stamper);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    const { userId, organizationId, ...names } = answer.json;
    assert.equal(organizationId, server.organizationId);
    assert.match(userId, UUID);
    assert.deepEqual(Object.keys(names).sort(), ["organizationName", "username"]);
  });

  test("neither Content-Type nor a single slash is required", async () => {
    const body = whoami();
    const { stampHeaderName, stampHeaderValue } = await stamper.stamp(body);
    const bytes = new TextEncoder().encode(body); // fetch adds no Content-Type to bytes
    for (const path of [WHOAMI, `/${WHOAMI}`]) {
      const headers = { [stampHeaderName]: stampHeaderValue };
      const answer = await server.send(path, { headers, body: bytes });
      assert.equal(answer.status, 200, answer.text);
    }
  });

  test("the bytes as they were sent are what is stamped", async () => {
    const body = ` {"organizationId" : "${server.organizationId}",\n"unknown":{"a":[1, 2.50]}} `;
    const answer = await server.sendStamped(WHOAMI, body, stamper);
    assert.equal(answer.status, 200, answer.text);
    const stamp = await stamper.stamp(body);
    const compact = { stamp: async () => stamp };
    assertErrorAnswer(await server.sendStamped(WHOAMI, JSON.stringify(JSON.parse(body)), compact), {
      status: 401,
      code: 16,
      turnkeyErrorCode: "SIGNATURE_INVALID",
      message: "could not verify api key signature",
    });
  });

  test("the same body again is the same activity", async () => {
    const body = createWallet("Once");
    const first = await server.sendStamped(CREATE_WALLET, body, stamper);
    assert.equal(first.status, 200, first.text);
    const { activity } = first.json;
    assert.equal(activity.status, "ACTIVITY_STATUS_COMPLETED");
    assert.match(activity.id, UUID);
    assert.deepEqual(Object.keys(activity.intent), ["createWalletIntent"]);

    const again = await server.sendStamped(CREATE_WALLET, body, stamper);
    assert.equal(again.status, 200, again.text);
    assert.equal(again.json.activity.id, activity.id);
    assert.deepEqual(again.json.activity.result, activity.result);
  });

  test("no stamp", async () => {
    const missing = { status: 401, code: 16, turnkeyErrorCode: "SIGNATURE_MISSING" };
    assertErrorAnswer(await server.send(WHOAMI, { body: whoami() }), {
      ...missing,
      message: "no valid authentication signature found for request",
    });
    assertErrorAnswer(await server.send(CREATE_WALLET, { body: createWallet("Unstamped") }), {
      ...missing,
      message:
        "cannot authenticate public API activity request without a stamp (X-Stamp/X-Stamp-Webauthn header)",
    });
  });

  test("a stamp that is none, and a stranger's", async () => {
    const nonsense = { stamp: async () => ({ stampHeaderName: "X-Stamp", stampHeaderValue: "e30" }) };
    for (const [path, body] of [
      [WHOAMI, whoami()],
      [CREATE_WALLET, createWallet("Nonsense")],
    ]) {
      assertErrorAnswer(await server.sendStamped(path, body, nonsense), {
        status: 401,
        code: 16,
        turnkeyErrorCode: "SIGNATURE_INVALID",
      });
      const stranger = generateP256KeyPair();
      assertErrorAnswer(await server.sendStamped(path, body, stamperOf(stranger)), {
        status: 401,
        code: 16,
        turnkeyErrorCode: "PUBLIC_KEY_NOT_FOUND",
        message: /could not .*find public key|public key could not be found/,
      });
    }
  });

  test("an Ethereum wallet's stamp whose numbers have a zero too many, as SDKs write one in a few hundred", async () => {
    const wallet = privateKeyToAccount(generatePrivateKey());
    const publicKey = compressRawPublicKey(Buffer.from(wallet.publicKey.slice(2), "hex"));
    const publicKeyHex = Buffer.from(publicKey).toString("hex");
    const { organizationId } = server;
    const { userId } = await backend(server).getWhoami({ organizationId });
    await backend(server).createApiKeys({
      organizationId,
      userId,
      apiKeys: [{ apiKeyName: "wallet", publicKey: publicKeyHex, curveType: "API_KEY_CURVE_SECP256K1" }],
    });
    const { body, signature } = await redundantlySigned(wallet, whoami());
    const scheme = "SIGNATURE_SCHEME_TK_API_SECP256K1_EIP191";
    const stamp = Buffer.from(JSON.stringify({ publicKey: publicKeyHex, scheme, signature })).toString("base64url");
    const answer = await server.send(WHOAMI, { headers: { "X-Stamp": stamp }, body });
    assert.equal(answer.status, 200, answer.text);
  });

  test("two stamps", async () => {
    const body = whoami();
    const { stampHeaderName, stampHeaderValue } = await stamper.stamp(body);
    const headers = { [stampHeaderName]: stampHeaderValue, "X-Stamp-WebAuthn": "{}" };
    assertErrorAnswer(await server.send(WHOAMI, { headers, body }), { status: 401, code: 16 });
  });

  test("a body that is not JSON, or not an object", async () => {
    for (const body of ['{"organizationId":', "", "[]", "null", "\u0000", "{".repeat(100_000)]) {
      for (const path of [WHOAMI, CREATE_WALLET]) {
        assertErrorAnswer(await server.sendStamped(path, body, stamper), { status: 400, code: 3 });
      }
    }
  });

  test("a missing parameter is named", async () => {
    const body = createWallet(undefined);
    assertErrorAnswer(await server.sendStamped(CREATE_WALLET, body, stamper), {
      status: 400,
      code: 3,
      turnkeyErrorCode: "REQUEST_INVALID",
      message: /missing field `walletName`/,
    });
  });

  test("an unknown organization, a malformed one", async () => {
    const nobody = "00000000-0000-0000-0000-000000000000";
    const query = JSON.stringify({ organizationId: nobody });
    assertErrorAnswer(await server.sendStamped(WHOAMI, query, stamper), {
      status: 400,
      code: 3,
      turnkeyErrorCode: "INVALID_ORGANIZATION_ID",
      message: /invalid organization ID/,
    });
    const submission = createWallet("Nowhere").replace(server.organizationId, nobody);
    assertErrorAnswer(await server.sendStamped(CREATE_WALLET, submission, stamper), {
      status: 404,
      code: 5,
      turnkeyErrorCode: "ORGANIZATION_NOT_FOUND",
      message: `no organization found with the given ID ${nobody}`,
    });
    const malformed = JSON.stringify({ organizationId: "acme" });
    assertErrorAnswer(await server.sendStamped(WHOAMI, malformed, stamper), {
      status: 400,
      code: 3,
      turnkeyErrorCode: "INVALID_ORGANIZATION_ID",
      message: /^malformed organization ID provided/,
    });
  });

  test("an unknown path, a wrong method", async () => {
    const unknown = { status: 404, code: 5, message: "Not Found" };
    assertErrorAnswer(await server.send("/public/v1/query/no_such_query", { body: "{}" }), unknown);
    assertErrorAnswer(await server.send("/public/v1/nowhere", { body: "{}" }), unknown);
    assertErrorAnswer(await server.send(WHOAMI, { method: "GET" }), {
      status: 501,
      code: 12,
      message: "Method Not Allowed",
    });
  });

  test("a body of 3 MiB", async () => {
    const padding = "x".repeat(3 * 1024 * 1024);
    const body = JSON.stringify({ organizationId: server.organizationId, padding });
    const answer = await server.sendStamped(WHOAMI, body, stamper);
    assert.ok([400, 413].includes(answer.status), `${answer.status} ${answer.text}`);
    assert.ok([3, 8].includes(answer.json?.code), answer.text);
    assertErrorAnswer(answer, { status: answer.status, code: answer.json.code });
    assert.equal((await server.sendStamped(WHOAMI, whoami(), stamper)).status, 200);
  });

  test("a preflight allows every header that a client sends", async () => {
    const headers = {
      Origin: "https://app.example.com",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "content-type,x-client-version,x-stamp",
    };
    for (const path of [WHOAMI, CREATE_WALLET, "/public/v1/nowhere"]) {
      const answer = await server.send(path, { method: "OPTIONS", headers });
      assert.equal(answer.status, 204, answer.text);
      assert.equal(answer.headers.get("access-control-allow-origin"), "*");
      assert.equal(answer.headers.get("access-control-max-age"), "86400");
      assert.deepEqual(listed(answer, "access-control-allow-methods"), ["get", "options", "post"]);
      const allowed = listed(answer, "access-control-allow-headers");
      for (const name of [
        "content-type",
        "x-client-version",
        "x-stamp",
        "x-stamp-webauthn",
        "x-stamp-attested",
        "x-session",
        "x-auth-proxy-config-id",
        "x-captcha-token",
        "x-tvc-client-version",
      ]) {
        assert.ok(allowed.includes(name), name);
      }
    }
  });

  test("the server publishes its session signing key", async () => {
    const { notarizerPublicKey } = await server.publishedKeys();
    assert.match(notarizerPublicKey, /^04[0-9a-f]{128}$/);
  });
});

/** `body`, with as much white space as it takes for the SDK's DER not to be the shortest. */
async function redundantlySigned(wallet, body) {
  for (;;) {
    const raw = (await wallet.signMessage({ message: body })).slice(2);
    // Two bytes of each number: it is as long as it is for the sake of no sign.
    const isRedundant = [raw.slice(0, 4), raw.slice(64, 68)].some((start) => Number.parseInt(start, 16) < 0x80);
    if (isRedundant) return { body, signature: toDerSignature(raw) };
    body += " ";
  }
}

/** The values of a comma-separated header, sorted, in lower case. */
function listed(answer, header) {
  const values = (answer.headers.get(header) ?? "").toLowerCase().split(",");
  return values.map((value) => value.trim()).sort();
}
