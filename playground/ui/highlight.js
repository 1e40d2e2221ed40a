// Colours for code: enough for the few languages that the page shows.

import { el } from "./dom.js";

const WORDS = {
  ts: "import type as from const let await async new return if else try catch throw true false null undefined",
  rust: "use let mut pub fn async await match if else return Some None Ok Err true false struct impl as",
  curl: "curl",
  json: "true false null",
};

const KINDS = {
  ts: /(\/\/.*)|("(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`)|\b(\d[\d_.]*n?)\b|\b([A-Za-z_]\w*)\b/g,
  rust: /(\/\/.*)|("(?:\\.|[^"\\])*")|\b(\d[\d_.]*)\b|\b([A-Za-z_]\w*)\b/g,
  curl: /(^#.*)|('(?:[^'])*'|"(?:\\.|[^"\\])*")|\s(-{1,2}[A-Za-z-]+)\b|\b([A-Za-z_]\w*)\b/gm,
  // A member's name is matched first, and has no colour.
  json: /"(?:\\.|[^"\\])*"(?=:)|(?!)()|("(?:\\.|[^"\\])*")|(?<![\w"])(-?\d[\d.]*)\b|\b(true|false|null)\b/g,
};

/** The code as nodes. */
export function highlight(code, language) {
  const words = new Set(WORDS[language].split(" "));
  const nodes = [];
  let at = 0;
  for (const match of code.matchAll(KINDS[language])) {
    const [all, comment, string, number, word] = match;
    const kind = comment ? "comment" : string ? "string" : number ? "number" : words.has(word) ? "word" : undefined;
    if (!kind) continue;
    nodes.push(code.slice(at, match.index), el("span", { class: `code-${kind}` }, all));
    at = match.index + all.length;
  }
  nodes.push(code.slice(at));
  return nodes;
}
