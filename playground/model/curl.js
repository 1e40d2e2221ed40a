// A request as a command line.

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The very request, with its stamp. */
export function curl({ method, url, headers, body }) {
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}${quote(url)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`  -H ${quote(`${name}: ${value}`)}`);
  if (body) lines.push(`  --data-raw ${quote(body)}`);
  return lines.join(" \\\n");
}

/** A request of that kind, with places to fill in. */
export function curlTemplate(path, body, stamp = "X-Stamp: <stamp of the body>") {
  const headers = stamp ? { "Content-Type": "application/json" } : {};
  const named = stamp ? stamp.split(": ") : [];
  if (stamp) headers[named[0]] = named.slice(1).join(": ");
  return curl({ method: "POST", url: location.origin + path, headers, body: body === null ? "" : JSON.stringify(body) });
}

/** An activity's body. */
export function activity(type, parameters, organizationId) {
  return { type: `ACTIVITY_TYPE_${type}`, timestampMs: String(Date.now()), organizationId, parameters };
}
