// A hook for Node's loader: the playground's modules, and the client as the server would serve it.

const CLIENT = new URL("../../packages/client/dist/", import.meta.url).href;
const PLAYGROUND = new URL("../../playground/", import.meta.url).href;

export async function resolve(specifier, context, next) {
  const found = specifier.startsWith("/client/") ? new URL(specifier.slice("/client/".length), CLIENT).href : specifier;
  const resolved = await next(found, context);
  // No package.json says so in the playground, which needs none.
  return resolved.url.startsWith(PLAYGROUND) ? { ...resolved, format: "module" } : resolved;
}
