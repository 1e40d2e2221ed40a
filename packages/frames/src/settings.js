// How an application may have a field look: the stamper's TIframeStyles.

const PROPERTIES = [
  "padding",
  "margin",
  "borderWidth",
  "borderStyle",
  "borderColor",
  "borderRadius",
  "fontSize",
  "fontWeight",
  "fontFamily",
  "color",
  "backgroundColor",
  "width",
  "height",
  "maxWidth",
  "maxHeight",
  "lineHeight",
  "boxShadow",
  "textAlign",
  "overflowWrap",
  "wordWrap",
  "resize",
];

/** Gives a field, and its label, the styles that are named; none of them can load anything. */
export function applyStyles(styles, { field, label }) {
  for (const [name, value] of Object.entries(styles ?? {})) {
    if (name === "labelColor") set(label, "color", value);
    else if (PROPERTIES.includes(name)) set(field, name, value);
    else throw new Error(`the style ${name} is not known`);
  }
}

/** Browsers leave out what they don't understand. */
function set({ style }, name, value) {
  style[name] = "";
  style[name] = value;
  if (style[name] === "") throw new Error(`the style ${name} can't be ${value}`);
}
