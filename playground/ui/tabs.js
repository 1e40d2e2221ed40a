// Tabs as the ARIA Authoring Practices describe them: arrow keys, Home and End move, and what has the focus is
// shown.

import { findAll, show } from "./dom.js";

/** Brings a `role=tablist` to life. Each tab names its panel in `aria-controls`. */
export function bringTabsToLife(list, onChange = () => {}) {
  const tabs = findAll("[role=tab]", list);
  const select = (chosen, { focus = false } = {}) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      const panel = panelOf(tab);
      if (panel) show(panel, isChosen);
    }
    if (focus) chosen.focus();
    onChange(chosen);
  };
  const panelOf = (tab) => {
    const id = tab.getAttribute("aria-controls");
    return list.getRootNode().getElementById?.(id) ?? list.parentElement?.querySelector(`#${CSS.escape(id)}`);
  };
  list.addEventListener("click", ({ target }) => {
    const tab = target.closest("[role=tab]");
    if (tab) select(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const steps = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: -1 };
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    select(tabs.at(steps[event.key] % tabs.length), { focus: true });
  });
  select(tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? tabs[0]);
  return { select: (name) => select(tabs.find((tab) => tab.dataset.tab === name) ?? tabs[0]) };
}
