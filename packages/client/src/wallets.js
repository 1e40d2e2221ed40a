// Wallets of the user's own, as the core asks them.

/** A wallet that signs texts: the application's own, or an EIP-1193 provider such as MetaMask. */
export function walletOf(wallet) {
  return wallet.provider === undefined ? wallet : new ProviderWallet(wallet);
}

class ProviderWallet {
  kind = "ethereum";
  #provider;
  #address;

  constructor({ provider, address }) {
    this.#provider = provider;
    this.#address = address;
  }

  async signMessage(message) {
    this.#address ??= (await this.#provider.request({ method: "eth_requestAccounts" }))[0];
    const bytes = Array.from(new TextEncoder().encode(message), (byte) => byte.toString(16).padStart(2, "0"));
    return this.#provider.request({ method: "personal_sign", params: [`0x${bytes.join("")}`, this.#address] });
  }
}
