/** Browsers refuse addresses that change too often: some after a hundred in half a minute. */
const REST_MS = 200;
let resting = 0;

/**
 * Puts what is on show into the address, so that a copied link opens there, once it has been the same for a moment. What
 * leads elsewhere meanwhile has its way.
 */
export function putAddress(hash: string): void {
  const { href } = location;
  clearTimeout(resting);
  resting = window.setTimeout(() => href === location.href && history.replaceState(null, '', hash), REST_MS);
}
