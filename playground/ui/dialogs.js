// Questions. `<dialog>` keeps the focus inside, closes with Escape, and gives the focus back.

import { find } from "./dom.js";

/** Asks whether to go on; resolves to a boolean. */
export async function confirm({ title, text, action, isDangerous = true }) {
  const dialog = document.getElementById("confirm");
  find("h2", dialog).textContent = title;
  find("p", dialog).textContent = text;
  const button = find("[value=yes]", dialog);
  button.textContent = action;
  button.classList.toggle("danger", isDangerous);
  return (await answer(dialog)) === "yes";
}

/** Asks for a line of text; `null` when there is none. */
export async function ask({ title, label, value, action }) {
  const dialog = document.getElementById("ask");
  find("h2", dialog).textContent = title;
  find("label span", dialog).textContent = label;
  find("[value=yes]", dialog).textContent = action;
  const input = find("input", dialog);
  input.value = value;
  return (await answer(dialog)) === "yes" ? input.value.trim() : null;
}

function answer(dialog) {
  dialog.returnValue = "";
  find("[data-cancel]", dialog).onclick = () => dialog.close();
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}
