// An end user whose passkey the page makes and whose sub-organization the parent's backend creates.

import { Turnkey } from "@turnkey/sdk-server";

/** The parent's backend. */
export function backend(server) {
  return new Turnkey({
    apiBaseUrl: server.baseUrl,
    defaultOrganizationId: server.organizationId,
    apiPublicKey: server.parentKey.publicKey,
    apiPrivateKey: server.parentKey.privateKey,
  }).apiClient();
}

/** What an application puts into the SDK's configuration. */
export function configuration(server) {
  return { apiBaseUrl: server.baseUrl, defaultOrganizationId: server.organizationId, rpId: "localhost" };
}

/** What an application without a backend puts into the configuration of @turnkey/core. */
export function proxyConfiguration(server) {
  return {
    apiBaseUrl: server.baseUrl,
    organizationId: server.organizationId,
    authProxyUrl: server.environment.AUTH_PROXY_URL,
    authProxyConfigId: server.environment.AUTH_PROXY_CONFIG_ID,
    passkeyConfig: { rpId: "localhost" },
  };
}

/** A passkey that the page makes, as an entry of `authenticators`. */
export async function createPasskey(server, browser, authenticatorName) {
  const { encodedChallenge, attestation } = await browser.run(
    (config) => new sdk.browser.Turnkey(config).passkeyClient().createUserPasskey({
      publicKey: { rp: { id: "localhost", name: "Compat" }, user: { name: "Alice", displayName: "Alice" } },
    }),
    configuration(server),
  );
  return { authenticatorName, challenge: encodedChallenge, attestation };
}

export async function signUp(server, browser, { userEmail } = {}) {
  const authenticator = await createPasskey(server, browser, "phone");
  const { subOrganizationId, rootUserIds, wallet } = await backend(server).createSubOrganization({
    subOrganizationName: "Alice's organization",
    rootQuorumThreshold: 1,
    rootUsers: [{ userName: "Alice", userEmail, apiKeys: [], authenticators: [authenticator], oauthProviders: [] }],
    wallet: {
      walletName: "Main",
      accounts: [
        {
          curve: "CURVE_SECP256K1",
          pathFormat: "PATH_FORMAT_BIP32",
          path: "m/44'/60'/0'/0/0",
          addressFormat: "ADDRESS_FORMAT_ETHEREUM",
        },
      ],
    },
  });
  const [userId] = rootUserIds;
  return {
    organizationId: subOrganizationId,
    userId,
    walletId: wallet.walletId,
    address: wallet.addresses[0],
    whoami: {
      organizationId: subOrganizationId,
      organizationName: "Alice's organization",
      userId,
      username: "Alice",
    },
  };
}
