// @keyward/client in ten tabs of one Chromium: one of them refreshes, and nobody is logged out by accident.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { optionsFor, startClientBrowser } from "./client/harness.mjs";
import { startServer } from "./harness.mjs";

const TABS = 10;
const WINDOWS = Number(process.env.KEYWARD_REFRESH_WINDOWS ?? 200);
const LIFETIME_SECONDS = 900;
/** Later than a refresh is due, earlier than the session ends. */
const between = (least, most) => least + Math.floor(Math.random() * (most - least));

describe("@keyward/client in many tabs", { timeout: 600_000 }, () => {
  let server, browser, tabs;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), startClientBrowser()]);
    tabs = [browser.page, ...(await Promise.all(Array.from({ length: TABS - 1 }, () => browser.newPage())))];
    await Promise.all(tabs.map(open));
  });
  after(async () => {
    await Promise.all([server?.stop(), browser?.stop()]);
  });

  async function open(page) {
    await page.evaluate(async (options) => {
      globalThis.clockOffset = 0;
      globalThis.refreshes = 0;
      globalThis.events = [];
      globalThis.client = await keyward.createClient({
        ...options,
        clock: { now: () => Date.now() + clockOffset },
        onExchange({ url, status }) {
          if (url.endsWith("/stamp_login") && status === 200) refreshes++;
        },
      });
      client.on((event) => events.push(event));
    }, optionsFor(server));
  }

  const logIn = (page, session = "default") =>
    page.evaluate(({ key, logIn }) => client.logInWithApiKey(key, logIn), {
      key: server.parentKey.privateKey,
      logIn: { expirationSeconds: LIFETIME_SECONDS, session },
    });

  /** In every tab at once. */
  const everywhere = (work, argument) => Promise.all(tabs.map((page) => page.evaluate(work, argument)));

  test(`${TABS} tabs refresh once in each of ${WINDOWS} windows, whatever their clocks say`, async () => {
    await logIn(tabs[0]);
    await everywhere(() => (refreshes = 0));
    for (let window = 1; window <= WINDOWS; window++) {
      await server.advanceClock(between(845, 890));
      const counts = await Promise.all(
        tabs.map((page) =>
          page.evaluate(async (offset) => {
            // Some clocks jump, ten minutes either way.
            if (offset !== 0) clockOffset += offset;
            // The first answer tells the time, the second request acts on it.
            await client.api.whoami();
            await client.api.whoami();
            return refreshes;
          }, Math.random() < 0.3 ? between(-600_000, 600_000) : 0),
        ),
      );
      const total = counts.reduce((sum, count) => sum + count, 0);
      assert.equal(total, window, `refreshes after window ${window}: ${counts}`);
    }
    const events = (await everywhere(() => events)).map((told) => told.map(({ kind, fromElsewhere }) => ({ kind, fromElsewhere })));
    const bad = events.flat().filter(({ kind }) => !["created", "active_changed", "refreshed"].includes(kind));
    assert.deepEqual(bad, []);
    // Every tab hears of every refresh, once as its own at most.
    for (const told of events) assert.equal(told.filter(({ kind }) => kind === "refreshed").length, WINDOWS);
    const own = events.flat().filter(({ kind, fromElsewhere }) => kind === "refreshed" && !fromElsewhere);
    assert.equal(own.length, WINDOWS);
    const sessions = await everywhere(() => client.session());
    assert.equal(new Set(sessions.map(({ publicKey }) => publicKey)).size, 1);
  });

  test("refreshed by itself when a tab wakes up", async () => {
    const session = await logIn(tabs[0]);
    await everywhere(() => (refreshes = 0));
    await server.advanceClock(850);
    await everywhere(() => {
      clockOffset += 850_000;
      dispatchEvent(new Event("focus"));
    });
    for (const page of tabs) {
      await page.waitForFunction((old) => client.session().then(({ publicKey }) => publicKey !== old), session.publicKey);
    }
    assert.equal((await everywhere(() => refreshes)).reduce((sum, count) => sum + count, 0), 1);
  });

  test("logging out and refreshing at once ends logged out, in both tabs", async () => {
    const [here, there] = tabs;
    for (let round = 0; round < 20; round++) {
      await logIn(here, "race");
      await there.evaluate(() => (events = []));
      const [loggedOut, refreshed] = await Promise.all([
        here.evaluate(() => client.logOut("race")),
        there.evaluate(() => outcome(client.refresh("race"))),
      ]);
      assert.deepEqual(loggedOut, { endedOnServer: true });
      assert.ok(refreshed.value || refreshed.code === "NOT_LOGGED_IN", JSON.stringify(refreshed));
      for (const page of [here, there]) assert.equal(await page.evaluate(() => client.session("race")), null);
      await there.waitForFunction(() =>
        events.some(({ kind, session, fromElsewhere }) => kind === "logged_out" && session === "race" && fromElsewhere),
      );
    }
  });

  test("a tab that dies while it refreshes holds up nobody", async () => {
    await logIn(tabs[0]);
    const dying = tabs.at(-1);
    await dying.route("**/stamp_login", () => {});
    const asked = dying.waitForRequest("**/stamp_login");
    dying.evaluate(() => client.refresh()).catch(() => {});
    await asked;
    await dying.close();
    tabs = tabs.slice(0, -1);
    assert.equal((await tabs[0].evaluate(() => client.refresh())).method, "api_key");
    await everywhere(() => client.api.whoami());
  });
});
