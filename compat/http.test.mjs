// The story with @turnkey/http: the caller writes the envelope and takes the result out of it.

import assert from "node:assert/strict";

import { ApiKeyStamper } from "@turnkey/api-key-stamper";
import { TurnkeyClient } from "@turnkey/http";

import { tellTheStory } from "./story.mjs";

/** Activity type and result member of each method. */
const ACTIVITIES = {
  createReadOnlySession: ["CREATE_READ_ONLY_SESSION", "createReadOnlySessionResult"],
  createSubOrganization: ["CREATE_SUB_ORGANIZATION_V8", "createSubOrganizationResultV8"],
  createWallet: ["CREATE_WALLET", "createWalletResult"],
  createWalletAccounts: ["CREATE_WALLET_ACCOUNTS", "createWalletAccountsResult"],
  signRawPayload: ["SIGN_RAW_PAYLOAD_V2", "signRawPayloadResult"],
  stampLogin: ["STAMP_LOGIN", "stampLoginResult"],
};

tellTheStory({
  name: "@turnkey/http",

  client(server, organizationId, credential) {
    const stamper = credential.stamp
      ? credential
      : new ApiKeyStamper({
          apiPublicKey: credential.publicKey,
          apiPrivateKey: credential.privateKey,
        });
    return new TurnkeyClient({ baseUrl: server.baseUrl }, stamper);
  },

  async submit(client, method, organizationId, parameters) {
    const { activity } = await client[method](envelope(method, organizationId, parameters));
    assert.equal(activity.status, "ACTIVITY_STATUS_COMPLETED");
    assert.equal(activity.type, `ACTIVITY_TYPE_${ACTIVITIES[method][0]}`);
    assert.deepEqual(Object.keys(activity.result), [ACTIVITIES[method][1]]);
    return activity.result[ACTIVITIES[method][1]];
  },

  signed(client, method, organizationId, parameters) {
    const stamping = `stamp${method[0].toUpperCase()}${method.slice(1)}`;
    return client[stamping](envelope(method, organizationId, parameters));
  },
});

function envelope(method, organizationId, parameters) {
  const type = `ACTIVITY_TYPE_${ACTIVITIES[method][0]}`;
  return { type, timestampMs: String(Date.now()), organizationId, parameters };
}
