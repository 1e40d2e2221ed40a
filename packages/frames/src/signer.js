/** The key that signs the server's bundles: the server writes it into the page. */
export function signerPublicKey(document) {
  return document.querySelector('meta[name="keyward-signer"]').content;
}
