// Step 4: signing, and checking what came of it.

import { onSubmit } from "../ui/actions.js";
import { renderCode } from "../ui/code.js";
import { copyButton } from "../ui/copy.js";
import { el, find, show } from "../ui/dom.js";
import { bringTabsToLife } from "../ui/tabs.js";
import { toHex, utf8 } from "../check/bytes.js";
import { messageSigner, parseUnits, personalMessage, transactionSigner, unsignedTransaction } from "../check/ethereum.js";
import { verifiesMessage } from "../check/solana.js";
import { ETHEREUM, SOLANA, account, app, finish, onChange } from "../model/app.js";
import { shorten } from "../model/format.js";
import { CHAINS } from "./wallet.js";

const section = document.getElementById("sign");
const messageForm = document.getElementById("message-form");
const transactionForm = document.getElementById("transaction-form");
const shownIn = document.getElementById("signature");

export function startSign() {
  bringTabsToLife(find("[role=tablist]", section), (tab) => {
    app.picked.what = tab.dataset.tab;
    forget();
    if (app.config) renderCode();
  });
  messageForm.addEventListener("change", ({ target }) => {
    if (target.name !== "format") return;
    app.picked.format = target.value;
    renderCode();
  });
  onSubmit(messageForm, "Sign a message", ({ message }) => {
    if (!message) throw new Error("Type a message first.");
    forget();
    return app.picked.format === SOLANA ? signSolana(message) : signEthereum(message);
  });
  onSubmit(transactionForm, "Sign a transaction", () => {
    forget();
    return signTransaction(readTransaction());
  });
  transactionForm.addEventListener("input", encode);
  encode();
  onChange(render);
}

async function signEthereum(message) {
  const { address } = account(ETHEREUM);
  const { r, s, v } = await app.client.call("sign_raw_payload", {
    signWith: address,
    payload: toHex(personalMessage(message)),
    encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
    hashFunction: "HASH_FUNCTION_KECCAK256",
  });
  const check = async (text) => compare(messageSigner(text, { r, s, v }), address);
  await present({
    lines: [["Signature", `0x${r}${s}${(Number.parseInt(v, 16) + 27).toString(16)}`]],
    how: "The page hashed the message itself (EIP-191, Keccak-256), computed from r, s and v which key signed it, and compared that key’s address.",
    check: () => check(message),
    tamper: () => check(`${message}!`),
    tampered: "the message with “!” at its end",
  });
}

async function signSolana(message) {
  const { address } = account(SOLANA);
  const { r, s } = await app.client.call("sign_raw_payload", {
    signWith: address,
    payload: toHex(utf8(message)),
    encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
    hashFunction: "HASH_FUNCTION_NOT_APPLICABLE",
  });
  const check = async (text) => {
    const isRight = await verifiesMessage(address, utf8(text), { r, s });
    if (isRight === null) return { isRight, text: "This browser’s WebCrypto has no Ed25519, so the page cannot check it." };
    return isRight
      ? { isRight, text: `The key of ${shorten(address, 6)} made it.` }
      : { isRight, text: `The key of ${shorten(address, 6)} did not make it.` };
  };
  await present({
    lines: [["Signature", r + s]],
    how: "A Solana address is its public key. The browser’s WebCrypto verified the signature over the message’s bytes with it (Ed25519).",
    check: () => check(message),
    tamper: () => check(`${message}!`),
    tampered: "the message with “!” at its end",
  });
}

async function signTransaction(transaction) {
  const { address } = account(ETHEREUM);
  const unsigned = unsignedTransaction(transaction);
  const { signedTransaction } = await app.client.call("sign_transaction", {
    signWith: address,
    unsignedTransaction: unsigned,
    type: "TRANSACTION_TYPE_ETHEREUM",
  });
  const { hash, parity, r, s } = transactionSigner(signedTransaction, unsigned);
  await present({
    lines: [
      ["Signed transaction", `0x${signedTransaction.replace(/^0x/, "")}`],
      ["Its hash", hash],
      ["r", `0x${r.toString(16)}`],
      ["s", `0x${s.toString(16)}`],
      ["Parity", String(parity)],
    ],
    how: "The page read the signed transaction back, saw that it says what was asked for, hashed that part, and computed from r, s and parity which key signed it.",
    check: async () => compare(transactionSigner(signedTransaction, unsigned).address, address),
    tamper: async () => {
      const other = unsignedTransaction({ ...transaction, value: transaction.value + 1n });
      try {
        return compare(transactionSigner(signedTransaction, other).address, address);
      } catch (error) {
        return { isRight: false, text: error.message };
      }
    },
    tampered: "a transaction of one wei more",
  });
}

function compare(found, address) {
  const isRight = found.toLowerCase() === address.toLowerCase();
  return {
    isRight,
    text: isRight ? `${shorten(address, 6)} made it.` : `It would be ${shorten(found, 6)}’s, not ${shorten(address, 6)}’s.`,
  };
}

/** Shows a signature with its check, and lets the check be seen failing. */
async function present({ lines, how, check, tamper, tampered }) {
  const verdict = el("p", { class: "verdict", role: "status" });
  const judge = ({ isRight, text }, about) => {
    const kind = isRight === null ? "unknown" : isRight ? "good" : "bad";
    const title = { good: "The signature is right.", bad: "The signature is wrong", unknown: "Not checked." }[kind];
    verdict.className = `verdict ${kind}`;
    verdict.replaceChildren(el("strong", {}, isRight === false ? `${title} for ${about}.` : title), ` ${text}`);
  };
  judge(await check(), "this");
  const toggle = el("button", { type: "button", "aria-pressed": "false" }, "Check against something else");
  toggle.addEventListener("click", async () => {
    const isTampered = toggle.getAttribute("aria-pressed") === "false";
    toggle.setAttribute("aria-pressed", String(isTampered));
    toggle.textContent = isTampered ? "Check against what was signed" : "Check against something else";
    judge(await (isTampered ? tamper() : check()), tampered);
  });
  shownIn.replaceChildren(
    verdict,
    el("p", { class: "hint" }, how),
    el(
      "dl",
      { class: "facts" },
      lines.map(([name, value]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, el("code", { class: "long" }, value), copyButton(name.toLowerCase(), () => value))),
      ),
    ),
    el("div", { class: "buttons" }, toggle),
  );
  show(shownIn, true);
  finish("sign");
}

function forget() {
  show(shownIn, false);
  find("[data-outcome]", section).replaceChildren();
}

/** The form's transaction, in wei. Throws with a sentence. */
function readTransaction() {
  const text = Object.fromEntries(new FormData(transactionForm));
  if (!/^0x[0-9a-f]{40}$/i.test(text.to.trim())) throw new Error("“To” is an address: 0x and 40 hexadecimal digits.");
  return {
    to: text.to.trim(),
    value: parseUnits(text.amount, 18),
    chainId: parseUnits(text.chainId, 0),
    nonce: parseUnits(text.nonce, 0),
    gas: parseUnits(text.gas, 0),
    maxFeePerGas: parseUnits(text.maxFee, 9),
    maxPriorityFeePerGas: parseUnits(text.priorityFee, 9),
  };
}

function encode() {
  const place = find("#unsigned");
  try {
    place.textContent = unsignedTransaction(readTransaction());
  } catch (error) {
    place.textContent = error.message;
  }
}

let drawn;
function render() {
  section.toggleAttribute("data-done", app.done.has("sign"));
  const accounts = [account(ETHEREUM), account(SOLANA)].filter(Boolean);
  const key = accounts.map(({ address }) => address).join();
  if (key === drawn) return;
  drawn = key;
  forget();
  if (!accounts.some(({ addressFormat }) => addressFormat === app.picked.format)) {
    app.picked.format = accounts[0]?.addressFormat ?? ETHEREUM;
  }
  find("#message-accounts").replaceChildren(
    ...accounts.map(({ address, addressFormat }) =>
      el(
        "label",
        { class: "choice" },
        el("input", { type: "radio", name: "format", value: addressFormat, checked: addressFormat === app.picked.format }),
        el("span", {}, el("b", {}, CHAINS[addressFormat]), el("code", {}, shorten(address, 8))),
      ),
    ),
  );
}
