// The page itself: it answers its parent until the parent leaves.

import { answerParent } from "../channel.js";
import { signerPublicKey } from "../signer.js";
import { storageOf } from "../storage.js";
import { ExportFrame } from "./frame.js";
import { ExportView } from "./view.js";

const view = new ExportView(document);
answerParent(window, new ExportFrame({ storage: storageOf(window), view, signerPublicKey: signerPublicKey(document) }));
