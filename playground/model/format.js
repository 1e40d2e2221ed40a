// How things are written for people.

/** A duration such as 14:32, 1:02:03 or 2 days. */
export function duration(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  if (left >= 172_800) return `${Math.floor(left / 86_400)} days`;
  const parts = [Math.floor(left / 3600), Math.floor((left % 3600) / 60), left % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, at) => (at ? String(part).padStart(2, "0") : String(part))).join(":");
}

/** A duration in words, such as “15 minutes”. */
export function inWords(seconds) {
  for (const [unit, length] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    if (seconds >= length && seconds % length === 0) return count(seconds / length, unit);
  }
  return seconds > 120 ? count(Math.round(seconds / 60), "minute") : count(Math.round(seconds), "second");
}

export const count = (number, thing) => `${number} ${thing}${number === 1 ? "" : "s"}`;

export function timeOfDay(ms) {
  return new Date(ms).toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" });
}

export function dateAndTime(ms) {
  return new Date(ms).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
}

/** The server's `{"seconds": "…"}` in milliseconds. */
export const wireTime = (time) => Number(time.seconds) * 1000;

/** Both ends of something long. */
export function shorten(text, ends = 8) {
  return text.length <= ends * 2 + 1 ? text : `${text.slice(0, ends)}…${text.slice(-ends)}`;
}

/** JSON set out in lines; anything else as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** “Chrome on Linux”, from a `User-Agent`. */
export function browserName(agent) {
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(agent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
  if (!browser) return agent;
  const name = { Edg: "Edge", OPR: "Opera" }[browser] ?? browser;
  return system ? `${name} on ${system.replace("Mac OS X", "macOS")}` : name;
}

/** `ACTIVITY_TYPE_X_Y` and the like without what all begin with: “x y”. */
export function enumName(value, prefix) {
  return value.replace(prefix, "").toLowerCase().replaceAll("_", " ");
}
