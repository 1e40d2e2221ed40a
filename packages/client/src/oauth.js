// The popup of an identity provider, and the page of ours that it ends on.

import { KeywardError } from "./error.js";

const MESSAGE = "keyward:oauth";
const FEATURES = "popup,width=480,height=640";
/** How often we look whether the user has closed it, in milliseconds. */
const LOOK_MS = 500;

/** Opens the popup: at once, while the browser still knows that the user clicked. */
export function openPopup() {
  const popup = window.open("about:blank", "_blank", FEATURES);
  if (popup === null) throw new KeywardError("POPUP_BLOCKED", "the browser did not open the popup");
  return popup;
}

/** Sends the popup to the provider, and waits for the address that it comes back to. */
export function returnOf(popup, { url, state }) {
  return new Promise((resolve, reject) => {
    const settle = (action, value) => {
      removeEventListener("message", onMessage);
      clearInterval(looking);
      popup.close();
      action(value);
    };
    const onMessage = ({ origin, source, data }) => {
      if (origin !== location.origin || source !== popup || data?.type !== MESSAGE) return;
      if (stateOf(data.url) === state) settle(resolve, data.url);
    };
    let wasClosed = false;
    const looking = setInterval(() => {
      // Its message may be on its way: it has until the next look.
      if (wasClosed) settle(reject, new KeywardError("POPUP_CLOSED", "the popup was closed"));
      wasClosed = popup.closed;
    }, LOOK_MS);
    addEventListener("message", onMessage);
    popup.location.replace(url);
  });
}

/** For the redirect page: hands its address to the page that opened the popup, and closes it. */
export function postOauthResult() {
  const { opener } = window;
  if (!opener || stateOf(location.href) === null) return false;
  opener.postMessage({ type: MESSAGE, url: location.href }, location.origin);
  window.close();
  return true;
}

function stateOf(url) {
  const { searchParams, hash } = new URL(url);
  return searchParams.get("state") ?? new URLSearchParams(hash.slice(1)).get("state");
}
