// The page's script: what tests find in the page as `sdk`.

import * as core from "@turnkey/core";
import { IframeStamper } from "@turnkey/iframe-stamper";
import * as browser from "@turnkey/sdk-browser";
import { IframeStamper as IframeStamper2_0 } from "iframe-stamper-2";
import * as core1 from "turnkey-core-1";
import { privateKeyToAccount } from "viem/accounts";

import { adapt } from "../../packages/turnkey-compat/index.js";

globalThis.sdk = {
  adapt,
  browser,
  core,
  core1,
  IframeStamper,
  IframeStamper2_0,

  /** A Solana wallet such as an extension brings (Wallet Standard), that says yes to everything. */
  async announceSolanaWallet({ address, jwk }) {
    const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
    const signMessage = async ({ message }) => [
      { signature: new Uint8Array(await crypto.subtle.sign("Ed25519", key, message)) },
    ];
    const wallet = {
      version: "1.0.0",
      name: "Wallet",
      icon: "data:,",
      chains: ["solana:mainnet"],
      accounts: [{ address, chains: ["solana:mainnet"], features: ["solana:signMessage"] }],
      features: { "solana:signMessage": { version: "1.1.0", signMessage } },
    };
    const register = (api) => api.register(wallet);
    addEventListener("wallet-standard:app-ready", ({ detail }) => register(detail));
    dispatchEvent(new CustomEvent("wallet-standard:register-wallet", { detail: register }));
  },

  /** An Ethereum wallet such as an extension brings (EIP-1193, EIP-6963), that says yes to everything. */
  async announceEthereumWallet({ privateKey }) {
    const account = privateKeyToAccount(privateKey);
    const methods = {
      eth_accounts: () => [account.address],
      eth_chainId: () => "0x1",
      eth_requestAccounts: () => [account.address],
      personal_sign: ([message]) => account.signMessage({ message }),
    };
    const provider = {
      async request({ method, params }) {
        if (!Object.hasOwn(methods, method)) throw new Error(`the wallet has no ${method}`);
        return methods[method](params);
      },
    };
    const info = { uuid: crypto.randomUUID(), name: "Wallet", icon: "data:,", rdns: "example.wallet" };
    addEventListener("eip6963:requestProvider", () => {
      dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: { info, provider } }));
    });
  },

  /** What became of a call, in a form that can leave the page: errors lose their codes on the way. */
  async outcome(promise) {
    try {
      return { value: await promise };
    } catch (error) {
      const { name, code, message, details } = error;
      return { error: { name, code, message, details, cause: error.cause && String(error.cause) } };
    }
  },
};
