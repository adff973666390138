import type { LibraryEntry } from '../../src/live/library.ts';

/** What of the library is to be seen; an empty text leaves everything. */
export interface LibraryFilter {
  /** Words, each of which must be found somewhere in what is known of an agent. */
  readonly search: string;
  /** A game's id, without its variant. */
  readonly game: string;
  readonly kind: string;
  readonly state: string;
}

/** A run on its own, one of a study, or an agent that comes with ngplus. */
export type AgentKind = 'run' | 'study' | 'zoo';

export const KINDS: readonly AgentKind[] = ['run', 'study', 'zoo'];
export const STATES: readonly LibraryEntry['state'][] = ['running', 'stopped', 'finished'];

/** Agents that belong together, under one heading. */
export interface AgentGroup {
  readonly id: string;
  readonly kind: AgentKind;
  readonly entries: readonly LibraryEntry[];
}

export const gameOf = ({ env }: LibraryEntry): string => env.split('?', 1)[0];

const kindOf = ({ kind, study }: LibraryEntry): AgentKind =>
  kind === 'zoo' ? 'zoo' : study === undefined ? 'run' : 'study';

/** The filter in an address. */
export const filterOf = (query: URLSearchParams): LibraryFilter => ({
  search: query.get('search') ?? '',
  game: query.get('game') ?? '',
  kind: query.get('kind') ?? '',
  state: query.get('state') ?? '',
});

/** The address of the lobby with this filter. */
export function addressOf(filter: LibraryFilter): string {
  const given = Object.entries(filter).filter(([, value]) => value !== '');
  return given.length === 0 ? '#lobby' : `#lobby?${new URLSearchParams(given)}`;
}

export function filterEntries(entries: readonly LibraryEntry[], filter: LibraryFilter): LibraryEntry[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    const { id, label, env, algorithm, seed, arm = '', state } = entry;
    const kind = kindOf(entry);
    const text = [id, label, env, algorithm, `seed ${seed}`, arm, state, kind].join(' ').toLowerCase();
    return (
      words.every((word) => text.includes(word)) &&
      (filter.game === '' || gameOf(entry) === filter.game) &&
      (filter.kind === '' || kind === filter.kind) &&
      (filter.state === '' || state === filter.state)
    );
  });
}

/** Runs on their own and each study, in the order of their first; then the zoo. */
export function groupEntries(entries: readonly LibraryEntry[]): AgentGroup[] {
  const groups = new Map<string, { id: string; kind: AgentKind; entries: LibraryEntry[] }>();
  for (const entry of entries) {
    const kind = kindOf(entry);
    const id = entry.study ?? kind;
    const group = groups.get(`${kind} ${id}`) ?? { id, kind, entries: [] };
    group.entries.push(entry);
    groups.set(`${kind} ${id}`, group);
  }
  return [...groups.values()].toSorted((a, b) => Number(a.kind === 'zoo') - Number(b.kind === 'zoo'));
}

/** What is new comes first; what was there stays where it was, whatever changed last: nothing moves under the hand. */
export function keepOrder(before: readonly LibraryEntry[], now: readonly LibraryEntry[]): LibraryEntry[] {
  const places = new Map(before.map(({ id }, place) => [id, place]));
  const placeOf = ({ id }: LibraryEntry): number => places.get(id) ?? -1;
  return now.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** The address of a replay. */
export function replayAddress(id: string, step?: number): string {
  return `#replay?${new URLSearchParams({ id, ...(step === undefined ? {} : { step: String(step) }) })}`;
}

/** The stored checkpoint that is nearest to a training step. */
export const nearestCheckpoint = (checkpoints: readonly number[], step: number): number | undefined =>
  checkpoints.toSorted((a, b) => Math.abs(a - step) - Math.abs(b - step) || a - b)[0];

/** The run that a point of a mean curve speaks of: of those in it, the one that came nearest to the mean there. */
export function runAt(
  entries: readonly LibraryEntry[],
  { arm, env }: { readonly arm: string; readonly env?: string },
  [step, mean]: readonly [step: number, mean: number],
): LibraryEntry | undefined {
  const candidates = entries.flatMap((entry) => {
    const there = entry.evaluations.find(([at]) => at === step);
    if (there === undefined || (entry.arm ?? '') !== arm) return [];
    return [{ entry, isOther: Number(env !== undefined && entry.env !== env), distance: Math.abs(there[1] - mean) }];
  });
  return candidates.toSorted((a, b) => a.isOther - b.isOther || a.distance - b.distance)[0]?.entry;
}
