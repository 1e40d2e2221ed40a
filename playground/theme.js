// Light or dark as the system says, unless somebody said otherwise. Runs before anything is painted.

const THEME = "keyward-playground/theme";
document.documentElement.dataset.theme = localStorage.getItem(THEME) ?? "";

document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  if (!button) return;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(THEME, theme);
    show();
  });
  system.addEventListener("change", show);
  show();
});
