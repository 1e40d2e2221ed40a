// The same step as code.

import { copyButton } from "./copy.js";
import { find } from "./dom.js";
import { highlight } from "./highlight.js";
import { bringTabsToLife } from "./tabs.js";
import { app, onChange } from "../model/app.js";
import { curl } from "../model/curl.js";
import { snippets } from "../snippets/index.js";

const LANGUAGE = "keyward-playground/language";

let language = localStorage.getItem(LANGUAGE) ?? "ts";
let shown;

/** What the code of the shown step is: its text in the language that is picked. */
function text() {
  const snippet = snippets[app.step](app);
  if (language !== "curl") return snippet[language].trim();
  const paths = snippet.curl.paths;
  const last = app.requests.find(({ step, exchange }) => step === app.step && paths.some((path) => exchange.url.endsWith(path)));
  if (!last) return snippet.curl.text.trim();
  return `# As it was sent. The server runs the same bytes once.\n${curl(last.exchange)}`;
}

function render() {
  const code = text();
  if (code === shown) return;
  shown = code;
  find("#code").replaceChildren(...highlight(code, language));
}

export function startCode() {
  find("#code-copy").append(copyButton("the code", text));
  const tabs = bringTabsToLife(find(".panel .code-tabs"), (tab) => {
    language = tab.dataset.tab;
    localStorage.setItem(LANGUAGE, language);
    const panel = find("#code-panel");
    panel.setAttribute("aria-labelledby", tab.id);
    panel.hidden = false;
    panel.dataset.language = language;
    render();
  });
  tabs.select(language);
  onChange(render);
}

/** The code depends on what is picked in a step. */
export const renderCode = render;
