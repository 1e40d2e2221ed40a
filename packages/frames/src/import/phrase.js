// Recovery phrases (BIP-39) as people type them.

import { validateMnemonic } from "@scure/bip39";
import { wordlist as czech } from "@scure/bip39/wordlists/czech";
import { wordlist as english } from "@scure/bip39/wordlists/english";
import { wordlist as french } from "@scure/bip39/wordlists/french";
import { wordlist as italian } from "@scure/bip39/wordlists/italian";
import { wordlist as japanese } from "@scure/bip39/wordlists/japanese";
import { wordlist as korean } from "@scure/bip39/wordlists/korean";
import { wordlist as simplifiedChinese } from "@scure/bip39/wordlists/simplified-chinese";
import { wordlist as spanish } from "@scure/bip39/wordlists/spanish";
import { wordlist as traditionalChinese } from "@scure/bip39/wordlists/traditional-chinese";

/** The likeliest first. */
const LISTS = [
  english,
  spanish,
  french,
  italian,
  czech,
  japanese,
  korean,
  simplifiedChinese,
  traditionalChinese,
];
const LENGTHS = [12, 15, 18, 21, 24];

/** The phrase with one space between its words. What is wrong with it is said without naming a word. */
export function readPhrase(text) {
  const words = text.toLowerCase().normalize("NFKD").split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) throw new Error("there is no recovery phrase yet");
  if (!LENGTHS.includes(words.length)) {
    throw new Error(`a recovery phrase has 12, 15, 18, 21 or 24 words, and this has ${words.length}`);
  }
  const phrase = words.join(" ");
  if (LISTS.some((list) => validateMnemonic(phrase, list))) return phrase;

  const isUnknown = (list) => (word) => !list.includes(word);
  const unknowns = LISTS.map((list) => words.filter(isUnknown(list)).length);
  const nearest = LISTS[unknowns.indexOf(Math.min(...unknowns))];
  const position = words.findIndex(isUnknown(nearest)) + 1;
  throw new Error(
    position > 0
      ? `word ${position} is not a word of recovery phrases`
      : "these words are no recovery phrase: one is another, or their order is",
  );
}

/** What is sealed: the phrase, and a passphrase as it was typed, after a line that separates them. */
export function withPassphrase(phrase, passphrase) {
  return passphrase === "" ? phrase : `${phrase}\n--PASS--\n${passphrase}`;
}
