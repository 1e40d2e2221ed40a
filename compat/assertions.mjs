// What several test files claim about the server's answers.

import assert from "node:assert/strict";

import { verifySessionJwtSignature } from "@turnkey/crypto";

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An answer of the server is an error in the API's shape: HTTP status, code, text, details. */
export function assertErrorAnswer(answer, { status, code, message, turnkeyErrorCode }) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  assert.equal(answer.json?.code, code, answer.text);
  assert.ok(Array.isArray(answer.json.details), answer.text);
  assertText(answer.json.message, message);
  if (turnkeyErrorCode !== undefined) {
    assert.equal(answer.json.turnkeyErrorCode, turnkeyErrorCode);
    assert.deepEqual(answer.json.details, detailsOf(turnkeyErrorCode));
  }
}

/** A call of an SDK throws what applications match on. */
export async function assertThrows(promise, { code, message, turnkeyErrorCode }) {
  const error = await promise.then(
    () => assert.fail(`expected a refusal: ${message}`),
    (error) => error,
  );
  assert.equal(error.name, "TurnkeyRequestError", error.stack);
  assert.equal(error.code, code, error.message);
  assert.deepEqual(error.details, detailsOf(turnkeyErrorCode));
  const [prefix, suffix] = [`Turnkey error ${code}: `, ` (Details: ${JSON.stringify(error.details)})`];
  assert.ok(error.message.startsWith(prefix) && error.message.endsWith(suffix), error.message);
  assertText(error.message.slice(prefix.length, -suffix.length), message);
}

/** The claims of a session JWT, once its form, its claims' names and its signature are right. */
export async function readSessionJwt(jwt, notarizerPublicKey) {
  const parts = jwt.split(".");
  assert.equal(parts.length, 3);
  assert.match(jwt, /^[A-Za-z0-9._-]+$/);
  const [header, payload] = parts.slice(0, 2).map((part) => Buffer.from(part, "base64url").toString());
  assert.equal(header, '{"alg":"ES256","typ":"JWT"}');
  assert.doesNotMatch(parts[1], /[-_]/, "browser SDKs decode the payload as plain base64");

  assert.equal(await verifySessionJwtSignature(jwt, notarizerPublicKey), true);
  const claims = JSON.parse(payload);
  const forged = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 1 })).toString("base64url");
  const forgery = [parts[0], forged, parts[2]].join(".");
  assert.equal(await verifySessionJwtSignature(forgery, notarizerPublicKey), false);

  const names = ["exp", "public_key", "session_type", "user_id", "organization_id"];
  assert.deepEqual(Object.keys(claims), names);
  return claims;
}

function detailsOf(turnkeyErrorCode) {
  return [{ "@type": "type.googleapis.com/errors.v1.TurnkeyErrorDetail", turnkeyErrorCode }];
}

function assertText(actual, expected) {
  if (expected instanceof RegExp) assert.match(actual, expected);
  else if (expected !== undefined) assert.equal(actual, expected);
}
