/** What a message holds, if it is text. */
export function text(value) {
  if (typeof value !== "string") throw new Error("value must be a string");
  return value;
}
