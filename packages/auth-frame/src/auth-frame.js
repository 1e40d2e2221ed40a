// The page itself: it answers its parent until the parent leaves.

import { answerParent } from "./channel.js";
import { Frame } from "./frame.js";
import { MemoryStorage } from "./memory-storage.js";

answerParent(window, new Frame(storage()));

/** Some browsers give an embedded page no storage; then the embedded key lives as long as the page. */
function storage() {
  try {
    return window.localStorage;
  } catch {
    return new MemoryStorage();
  }
}
