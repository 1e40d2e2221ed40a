// How parent and frame talk. Since @turnkey/iframe-stamper 2.1 the parent sends a MessagePort as soon
// as the frame has loaded, and everything else goes through that; older ones use `window.postMessage`.

/** Answers the parent of `window` and nobody else. */
export function answerParent(window, frame) {
  const { parent } = window;
  if (parent === window) return; // opened as a page of its own

  const onWindowMessage = async (event) => {
    if (event.source !== parent || typeof event.data?.type !== "string") return;
    const [port] = event.ports;
    if (event.data.type === "TURNKEY_INIT_MESSAGE_CHANNEL") {
      if (port === undefined) return;
      // From here on only who holds the port is heard.
      window.removeEventListener("message", onWindowMessage);
      port.onmessage = ({ data }) => answerMessage(frame, data, (answer) => port.postMessage(answer));
      const lifetimeMs = event.data.dangerouslyOverrideIframeKeyTtl;
      port.postMessage(await orError(() => frame.ready(lifetimeMs)));
      return;
    }
    await answerMessage(frame, event.data, (answer) => parent.postMessage(answer, targetOf(event)));
  };
  window.addEventListener("message", onWindowMessage);

  // Older parents wait for this before they say anything. To whom it goes is not known yet, and
  // everybody may know a public key.
  orError(() => frame.ready()).then((message) => parent.postMessage(message, "*"));
}

async function answerMessage(frame, message, send) {
  const { requestId, ...question } = message ?? {};
  const answer = await orError(() => frame.answer(question));
  if (answer !== undefined) send({ ...answer, ...(requestId !== undefined && { requestId }) });
}

async function orError(work) {
  try {
    return await work();
  } catch (error) {
    return { type: "ERROR", value: String(error) };
  }
}

/** An opaque origin can't be named; then the window is all that can be. */
function targetOf(event) {
  return event.origin === "null" ? "*" : event.origin;
}
