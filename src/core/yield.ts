/** Lets other work of the thread through: Node's own way where there is one, else a timer. */
export const yieldThread = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });
