// Step 3: a wallet with two accounts.

import { onClick, onSubmit } from "../ui/actions.js";
import { copyButton } from "../ui/copy.js";
import { el, find } from "../ui/dom.js";
import { ETHEREUM, SOLANA, app, finish, onChange, readAccounts } from "../model/app.js";

export const CHAINS = { [ETHEREUM]: "Ethereum", [SOLANA]: "Solana" };

const ACCOUNTS = [
  { curve: "CURVE_SECP256K1", pathFormat: "PATH_FORMAT_BIP32", path: "m/44'/60'/0'/0/0", addressFormat: ETHEREUM },
  { curve: "CURVE_ED25519", pathFormat: "PATH_FORMAT_BIP32", path: "m/44'/501'/0'/0'", addressFormat: SOLANA },
];

/** What a wallet is made with, also where the attempt has to fail. */
export const walletParameters = (walletName) => ({ walletName, accounts: ACCOUNTS });

export function startWallet() {
  const section = document.getElementById("wallet");
  const input = find("#wallet-form [name=name]");
  onSubmit(find("#wallet-form"), "Make a wallet", async ({ name }) => {
    if (!name.trim()) throw new Error("Give the wallet a name.");
    await app.client.call("create_wallet", walletParameters(name.trim()));
    await readAccounts();
    input.value = nextName();
    finish("wallet");
    return { title: `“${name.trim()}” is there,`, text: "with an account for Ethereum and one for Solana." };
  });
  onClick(find("#accounts-again"), "List the accounts", async () => {
    await readAccounts();
  });
  onChange(() => {
    section.toggleAttribute("data-done", Boolean(app.accounts?.length));
    if (input !== document.activeElement && app.accounts) input.value = nextName();
    find("#accounts").replaceChildren(...rows());
  });
}

function nextName() {
  const names = new Set(app.accounts?.map(({ walletName }) => walletName));
  let name = "Main";
  for (let number = 2; names.has(name); number += 1) name = `Main ${number}`;
  return name;
}

function rows() {
  if (!app.accounts?.length) {
    return [el("p", { class: "empty" }, app.accounts ? "No accounts yet. Make a wallet above." : "Not listed yet.")];
  }
  return app.accounts.map(({ address, addressFormat, path, walletName }) =>
    el(
      "article",
      { class: "row" },
      el(
        "div",
        { class: "row-head" },
        el("h3", {}, CHAINS[addressFormat] ?? addressFormat),
        el("span", { class: "badge" }, walletName),
        el("code", { class: "hint" }, path),
      ),
      el("div", { class: "row-line" }, el("code", { class: "long" }, address), copyButton(`the ${CHAINS[addressFormat]} address`, () => address)),
    ),
  );
}
