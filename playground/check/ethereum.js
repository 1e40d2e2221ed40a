// As much of Ethereum as the page needs: RLP, one kind of transaction, and whose a signature is.
// Source: Yellow Paper appendix B (RLP), EIP-191, EIP-1559, EIP-55.

import { concat, fromBigInt, fromHex, toBigInt, toHex, utf8 } from "./bytes.js";
import { keccak256, recoverSecp256k1 } from "/client/index.js";

/** Half the order of secp256k1: Ethereum takes no larger `s` (EIP-2). Source: SEC 2 v2.0 §2.4.1. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** Numbers, bytes, and lists of them. */
function rlp(item) {
  if (Array.isArray(item)) {
    const content = concat(...item.map(rlp));
    return concat(prefix(content.length, 0xc0), content);
  }
  const bytes = typeof item === "bigint" ? minimal(item) : item;
  if (bytes.length === 1 && bytes[0] < 0x80) return bytes;
  return concat(prefix(bytes.length, 0x80), bytes);
}

function prefix(length, kind) {
  if (length < 56) return Uint8Array.of(kind + length);
  const size = minimal(BigInt(length));
  return concat(Uint8Array.of(kind + 55 + size.length), size);
}

function minimal(number) {
  return number === 0n ? new Uint8Array() : fromBigInt(number, Math.ceil(number.toString(16).length / 2));
}

/** One item at `at`: bytes or a list, and where it ends. */
function readRlp(bytes, at = 0) {
  const first = bytes[at];
  if (first === undefined) throw new Error("The transaction ends too early.");
  if (first < 0x80) return { item: bytes.subarray(at, at + 1), end: at + 1 };
  const isList = first >= 0xc0;
  const short = first - (isList ? 0xc0 : 0x80);
  const sizeLength = short < 56 ? 0 : short - 55;
  const start = at + 1 + sizeLength;
  const length = sizeLength ? Number(toBigInt(bytes.subarray(at + 1, start))) : short;
  const end = start + length;
  if (end > bytes.length) throw new Error("The transaction ends too early.");
  if (!isList) return { item: bytes.subarray(start, end), end };
  const items = [];
  for (let next = start; next < end; ) {
    const read = readRlp(bytes, next);
    items.push(read.item);
    next = read.end;
  }
  return { item: items, end };
}

/** What an EIP-1559 transaction says, in its order, without data and access list. */
function fields({ chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, to, value }) {
  return [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, fromHex(to), value, new Uint8Array(), []];
}

/** An EIP-1559 transaction without its signature, hex with `0x`. Numbers are BigInts, in wei. */
export function unsignedTransaction(transaction) {
  return `0x${toHex(concat(Uint8Array.of(2), rlp(fields(transaction))))}`;
}

/**
 * Who signed a transaction: an address. Throws when it isn't `unsigned` that was signed.
 * Both are hex, with or without `0x`.
 */
export function transactionSigner(signed, unsigned) {
  const bytes = fromHex(signed);
  const { item, end } = readRlp(bytes, 1);
  if (bytes[0] !== 2 || end !== bytes.length || item.length !== 12) {
    throw new Error("That is no signed EIP-1559 transaction.");
  }
  const asked = fromHex(unsigned);
  const said = concat(Uint8Array.of(2), rlp(item.slice(0, 9)));
  if (toHex(said) !== toHex(asked)) throw new Error("Another transaction was signed.");
  const [parity, r, s] = item.slice(9).map(toBigInt);
  return { address: addressOf(recover(keccak256(said), { r, s, parity: Number(parity) })), hash: hash(bytes), parity, r, s };
}

const hash = (bytes) => `0x${toHex(keccak256(bytes))}`;

/** What a wallet really signs of a text (EIP-191), as bytes. */
export function personalMessage(text) {
  const message = utf8(text);
  return concat(utf8(`\x19Ethereum Signed Message:\n${message.length}`), message);
}

/** Who signed a text: an address. `r`, `s` and `v` are hex, as the server answers. */
export function messageSigner(text, { r, s, v }) {
  const parity = Number.parseInt(v, 16) % 27;
  const signature = { r: toBigInt(fromHex(r)), s: toBigInt(fromHex(s)), parity };
  return addressOf(recover(keccak256(personalMessage(text)), signature));
}

/** The public key (64 bytes, x and y) that made a signature over a digest of 32 bytes. Throws when there is none. */
function recover(digest, { r, s, parity }) {
  const signature = concat(fromBigInt(r, 32), fromBigInt(s, 32), Uint8Array.of(parity));
  const key = s <= HALF_ORDER ? recoverSecp256k1(digest, signature) : undefined;
  if (!key) throw new Error("No key makes this signature.");
  return key.subarray(1);
}

/** The address of a public key, 64 bytes, with the capitals that protect it (EIP-55). */
function addressOf(publicKey) {
  const digits = toHex(keccak256(publicKey).subarray(12));
  const capitals = toHex(keccak256(utf8(digits)));
  const cased = Array.from(digits, (digit, at) => (capitals[at] >= "8" ? digit.toUpperCase() : digit));
  return `0x${cased.join("")}`;
}

/** A decimal amount such as `0.01`, in its smallest unit. */
export function parseUnits(text, decimals) {
  const parts = /^(\d+)(?:\.(\d+))?$/.exec(text.trim());
  const fraction = parts?.[2] ?? "";
  if (!parts || fraction.length > decimals) throw new Error(`“${text}” is not an amount.`);
  return BigInt(parts[1] + fraction.padEnd(decimals, "0"));
}
