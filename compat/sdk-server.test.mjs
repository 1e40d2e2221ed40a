// The story with @turnkey/sdk-server: the SDK writes the envelope and spreads the result.

import assert from "node:assert/strict";

import { Turnkey, TurnkeyApiClient } from "@turnkey/sdk-server";

import { tellTheStory } from "./story.mjs";

tellTheStory({
  name: "@turnkey/sdk-server",

  client(server, organizationId, credential) {
    if (credential.stamp) {
      return new TurnkeyApiClient({ apiBaseUrl: server.baseUrl, organizationId, stamper: credential });
    }
    return new Turnkey({
      apiBaseUrl: server.baseUrl,
      defaultOrganizationId: organizationId,
      apiPublicKey: credential.publicKey,
      apiPrivateKey: credential.privateKey,
    }).apiClient();
  },

  async submit(client, method, organizationId, parameters) {
    const { activity, ...result } = await client[method]({ organizationId, ...parameters });
    assert.equal(activity.status, "ACTIVITY_STATUS_COMPLETED");
    return result;
  },

  signed(client, method, organizationId, parameters) {
    const stamping = `stamp${method[0].toUpperCase()}${method.slice(1)}`;
    return client[stamping]({ organizationId, ...parameters });
  },
});
