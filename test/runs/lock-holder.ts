/** Locks the folder in its arguments, tells how that went, and stays: a process or a thread for lock.test.ts. */
import { parentPort } from 'node:worker_threads';
import { lockFolder } from '../../src/runs/lock.ts';

const tell = (text: string): unknown => (parentPort === null ? process.send?.(text) : parentPort.postMessage(text));

await lockFolder(process.argv[2]).then(
  () => tell('locked'),
  (error: Error) => tell(error.message),
);
setInterval(() => undefined, 1000);
