// `@keyward/turnkey-compat` with the real @turnkey/core, on a server that knows two paths.

import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { TurnkeyClient, TurnkeyErrorCodes } from "@turnkey/core";
import { generateP256KeyPair, hpkeDecrypt } from "@turnkey/crypto";

import { adapt } from "./turnkey-compat.mjs";

const CODE = "123456";

describe("turnkey-compat", { timeout: 60_000 }, () => {
  let server;
  before(async () => (server = await startFakeServer()));
  after(() => server.stop());

  test("a code is sealed under the key that the server publishes", async () => {
    const client = await adapt(newClient(server));
    const verified = await client.verifyOtp(server.challenge(CODE));
    assert.deepEqual(Object.keys(verified).sort(), ["publicKey", "verificationToken"]);
    assert.equal(verified.verificationToken, "token");
    assert.equal(verified.publicKey, client.keys.at(-1), "a key pair made for it");
    const [{ headers, body }] = server.takeRequests();
    assert.equal(headers["x-auth-proxy-config-id"], "config");
    assert.deepEqual(Object.keys(body).sort(), ["encryptedOtpBundle", "otpId"]);
    assert.deepEqual(Object.keys(JSON.parse(body.encryptedOtpBundle)).sort(), ["ciphertext", "encappedPublic"]);
  });

  test("the caller's key is used when there is one, and is the caller's to delete", async () => {
    const client = await adapt(newClient(server), { baseUrl: `${server.baseUrl}/` });
    const publicKey = "02".padEnd(66, "a");
    const verified = await client.verifyOtp({ ...server.challenge(CODE), publicKey });
    assert.equal(verified.publicKey, publicKey);
    await assert.rejects(client.verifyOtp({ ...server.challenge("wrong"), publicKey }));
    assert.deepEqual(client.keys, []);
    assert.deepEqual(client.deleted, []);
    server.takeRequests();
  });

  test("a wrong code is told from other failures, and its key pair is deleted", async () => {
    const client = await adapt(newClient(server));
    await assert.rejects(client.verifyOtp(server.challenge("wrong")), {
      name: "TurnkeyError",
      code: TurnkeyErrorCodes.INVALID_OTP_CODE,
      message: "The provided OTP code is invalid.",
    });
    assert.deepEqual(client.deleted, client.keys);
    server.takeRequests();
  });

  test("another signer is refused before anything is sent", async () => {
    const client = await adapt(newClient(server), { otpSignerPublicKey: newSigner().publicKeyHex });
    await assert.rejects(client.verifyOtp(server.challenge(CODE)), {
      name: "TurnkeyError",
      code: TurnkeyErrorCodes.VERIFY_OTP_ERROR,
    });
    assert.deepEqual(client.deleted, client.keys);
    assert.deepEqual(server.takeRequests(), []);
  });

  test("without it @turnkey/core stops before the network", async () => {
    await assert.rejects(newClient(server).verifyOtp(server.challenge(CODE)), {
      code: TurnkeyErrorCodes.VERIFY_OTP_ERROR,
    });
    assert.deepEqual(server.takeRequests(), []);
  });

  test("a server that publishes no key is named", async () => {
    const client = newClient(server);
    await assert.rejects(adapt(client, { baseUrl: `${server.baseUrl}/nowhere` }), /well-known\/keyward\.json: 404/);
    await assert.rejects(adapt(client, { otpSignerPublicKey: "02ab" }), TypeError);
  });
});

/** A client as `init` leaves it, with a key store that remembers instead of IndexedDB. */
function newClient({ baseUrl }) {
  const client = new TurnkeyClient({
    apiBaseUrl: baseUrl,
    authProxyUrl: baseUrl,
    authProxyConfigId: "config",
    organizationId: "parent",
  });
  client.httpClient = client.createHttpClient();
  client.keys = [];
  client.deleted = [];
  client.createApiKeyPair = async () => {
    client.keys.push(generateP256KeyPair().publicKey);
    return client.keys.at(-1);
  };
  client.deleteApiKeyPair = async ({ publicKey }) => void client.deleted.push(publicKey);
  return client;
}

/** Publishes its key and takes one code. */
async function startFakeServer() {
  const signer = newSigner();
  const target = generateP256KeyPair();
  const requests = [];

  const answer = ({ url, headers }, body) => {
    if (url === "/.well-known/keyward.json") return [200, { otpSignerPublicKey: signer.publicKeyHex }];
    if (url !== "/v1/otp_verify_v2") return [404, { code: 5, message: "Not Found", details: [] }];
    requests.push({ headers, body });
    const { otp_code } = open(body.encryptedOtpBundle, target.privateKey);
    if (otp_code === CODE) return [200, { verificationToken: "token" }];
    return [400, { code: 3, message: "Invalid OTP code", details: [] }];
  };
  const listener = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const text = Buffer.concat(chunks).toString();
    const [status, json] = answer(request, text && JSON.parse(text));
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(json));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");

  return {
    baseUrl: `http://127.0.0.1:${listener.address().port}`,
    /** What a user who types a code hands to `verifyOtp`. */
    challenge: (otpCode) => ({ otpId: "otp", otpCode, otpEncryptionTargetBundle: envelope(signer, target) }),
    takeRequests: () => requests.splice(0),
    stop() {
      listener.closeAllConnections();
      listener.close();
    },
  };
}

/** The signed envelope that names the key to seal a code to. */
function envelope(signer, target) {
  const data = Buffer.from(
    JSON.stringify({ targetPublic: target.publicKeyUncompressed, organizationId: "parent", userId: "" }),
  );
  return JSON.stringify({
    version: "v1.0.0",
    data: data.toString("hex"),
    dataSignature: sign("sha256", data, signer.privateKey).toString("hex"),
    enclaveQuorumPublic: signer.publicKeyHex,
  });
}

/** Opens what was sealed to a key. */
function open(message, privateKey) {
  const { encappedPublic, ciphertext } = JSON.parse(message);
  const plaintext = hpkeDecrypt({
    ciphertextBuf: Buffer.from(ciphertext, "hex"),
    encappedKeyBuf: Buffer.from(encappedPublic, "hex"),
    receiverPriv: privateKey,
  });
  return JSON.parse(Buffer.from(plaintext).toString());
}

function newSigner() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const point = [x, y].map((coordinate) => Buffer.from(coordinate, "base64url").toString("hex"));
  return { privateKey, publicKeyHex: `04${point.join("")}` };
}
