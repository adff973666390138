/** Writes to a store until it is killed (`forever FOLDER`), or once (`once FOLDER`): see store.test.ts. */
import { FolderStore } from '../../src/runs/store.ts';

const [mode, folder] = process.argv.slice(2);
const store = new FolderStore(folder);

if (mode === 'once') {
  await store.put('weights', new Uint8Array(4_000_000)).catch((error: Error) => {
    process.stdout.write(`${error.name}: ${error.message}\n`);
  });
} else {
  for (let round = 1; ; round++) {
    await store.put('weights', new Uint8Array(4_000_000).fill(round));
    if (round === 1) process.send?.('first');
  }
}
