// The page itself: it answers its parent until the parent leaves.

import { answerParent } from "../channel.js";
import { storageOf } from "../storage.js";
import { AuthFrame } from "./frame.js";

answerParent(window, new AuthFrame(storageOf(window)));
