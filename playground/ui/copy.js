// Copy buttons.

import { el } from "./dom.js";

const SHOWN_MS = 1500;

/** A button that copies what `text` returns when it is pressed. */
export function copyButton(what, text, label = "Copy") {
  const word = el("span", {}, label);
  const button = el("button", { type: "button", class: "copy", "aria-label": `${label}: ${what}` }, word);
  button.addEventListener("click", async () => {
    const copied = await navigator.clipboard.writeText(text()).then(() => true, () => false);
    word.textContent = copied ? "Copied" : "Not allowed";
    announce(copied ? `Copied: ${what}` : "The browser does not let this page copy.");
    setTimeout(() => (word.textContent = label), SHOWN_MS);
  });
  return button;
}

/** Has screen readers say it. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
