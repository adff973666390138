/** Races in a process of its own: `FOLDER RACE.json`. Tells its parent of every update and evaluation. */
import { readFileSync } from 'node:fs';
import { type Race, runRace } from '../../src/runs/race.ts';

const [folder, file] = process.argv.slice(2);
const race = JSON.parse(readFileSync(file, 'utf8')) as Race;
await runRace(folder, race, { progress: ({ step }) => process.send?.(step) });
process.disconnect?.();
