import type { LibraryEntry } from '../../src/live/library.ts';

/**
 * Whom to compare where nobody says, or nobody but this one: a transferred agent with one from scratch of the same study
 * (else of any), on the same target and of the same seed; else two agents of one game; else whoever there is. Entries
 * without checkpoints can't play.
 */
export function firstPair(entries: readonly LibraryEntry[], id?: string): LibraryEntry[] {
  const able = entries.filter(({ checkpoints }) => checkpoints.length > 0);
  const isPair = (a: LibraryEntry, b: LibraryEntry): boolean =>
    a.arm === 'scratch' && b.arm === 'transferred' && a.env === b.env && a.seed === b.seed;
  const tests = [
    (a: LibraryEntry, b: LibraryEntry) => isPair(a, b) && a.study !== undefined && a.study === b.study,
    isPair,
    (a: LibraryEntry, b: LibraryEntry) => a.id !== b.id && a.env === b.env,
  ];
  const isWanted = (a: LibraryEntry, b: LibraryEntry): boolean => id === undefined || a.id === id || b.id === id;
  for (const test of tests) {
    for (const b of able) {
      const a = able.find((candidate) => isWanted(candidate, b) && test(candidate, b));
      if (a !== undefined) return [a, b];
    }
  }
  return able.filter((entry) => id === undefined || entry.id === id).slice(0, 1);
}

/** Training steps at which at least one of them can be seen, ascending. */
export const checkpointSteps = (entries: readonly LibraryEntry[]): number[] =>
  [...new Set(entries.flatMap(({ checkpoints }) => checkpoints))].toSorted((a, b) => a - b);

/** How far a comparison has come: under way, at the end of all episodes, or where the last of them was cut off. */
export type Stand = 'under way' | 'over' | 'cut off';

/** Who is ahead with these returns, in a sentence; of one alone, its return. */
export function verdict(names: readonly string[], returns: readonly number[], stand: Stand): string {
  const most = Math.max(...returns);
  const best = names.filter((_, i) => returns[i] === most);
  const others = returns.filter((each) => each !== most).toSorted((a, b) => b - a);
  const end = stand === 'cut off' ? ', cut off here' : '';
  if (names.length === 1) return `${names[0]}: return ${text(most)}${end}.`;
  if (others.length === 0) return `${stand === 'over' ? 'A draw' : 'Level'}: ${text(most)} each${end}.`;
  const [one, several] = stand === 'over' ? ['wins', 'win'] : ['leads', 'lead'];
  const verb = best.length > 1 ? several : one;
  return `${best.join(' and ')} ${verb}, ${text(most)} to ${others.map(text).join(' and ')}${end}.`;
}

const text = (value: number): string => String(Number(value.toFixed(2)));
