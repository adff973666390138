import { join } from 'node:path';
import type { Library } from './library.ts';
import type { MatchFeed } from './match-source.ts';
import { runSource } from './run-matches.ts';

/** Of many runs that train at a time, those that changed last are played. */
const MOST_MATCHES = 12;

/** A match for each run beneath `root` that trains now, under its id in the library; and how much is stored. */
export function lobbyMatches(library: Library, root: string): MatchFeed {
  const running = async () => (await library.list()).filter(({ state }) => state === 'running');
  return {
    async list() {
      const entries = (await running()).slice(0, MOST_MATCHES);
      const sources = entries.map(async ({ id, label, arm }) => {
        const source = await runSource(join(root, id));
        return source === null ? [] : [{ ...source, id, label, arm }];
      });
      return (await Promise.all(sources)).flat();
    },
    async status() {
      const stored = (await library.list()).filter(({ kind }) => kind === 'run').length;
      const now = (await running()).length;
      if (stored === 0) return { caption: `No runs in ${root} yet: here is the zoo` };
      return {
        caption: `${count(stored, 'run')} in ${root}, ${now === 0 ? 'none training' : `${now} training`}`,
      };
    },
  };
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
