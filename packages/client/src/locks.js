// Locks by name, held by one tab at a time: Web Locks, which a tab that dies gives back.

/** Where there are no Web Locks: the last in line for each name, in this page. */
const lines = new Map();

/** Waits for the lock; gives the function that releases it. */
export function hold(name) {
  return globalThis.navigator?.locks === undefined ? holdInPage(name) : holdEverywhere(name);
}

function holdEverywhere(name) {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(name, () => new Promise((release) => resolve(release)));
    // Once it is held this has no effect.
    held.catch(reject);
  });
}

async function holdInPage(name) {
  const before = lines.get(name);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  lines.set(name, held);
  await before;
  return () => {
    if (lines.get(name) === held) lines.delete(name);
    release();
  };
}
