// The page itself: it answers its parent until the parent leaves.

import { answerParent } from "../channel.js";
import { signerPublicKey } from "../signer.js";
import { ImportFrame } from "./frame.js";
import { ImportView } from "./view.js";

const view = new ImportView(document);
answerParent(window, new ImportFrame({ view, signerPublicKey: signerPublicKey(document) }));
