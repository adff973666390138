/**
 * Trains in a process of its own: `FOLDER CONFIG.json`. Tells its parent, if it has one, of every update and evaluation;
 * prints the error that ended it.
 */
import { readFileSync } from 'node:fs';
import type { RunConfig } from '../../src/runs/config.ts';
import { trainRun } from '../../src/runs/run.ts';

const [folder, file] = process.argv.slice(2);
const config = JSON.parse(readFileSync(file, 'utf8')) as RunConfig;
try {
  await trainRun(folder, config, null, { progress: ({ step }) => process.send?.(step) });
  console.log('finished');
} catch (error) {
  console.log(`${(error as Error).name}: ${(error as Error).message}`);
}
process.disconnect?.();
