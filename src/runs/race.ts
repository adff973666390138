import { NotFiniteError, UserError } from '../core/errors.ts';
import { curveOf } from '../stats/curve.ts';
import { findMethod } from '../transfer/index.ts';
import {
  type Pause,
  raceCurve,
  type RaceRules,
  rewardPerEpisode,
  rungsOf,
  survivors,
  winnersSteps,
} from '../transfer/race.ts';
import { hashOf, runId, type RunConfig } from './config.ts';
import { RACE_KEY, refuseOtherWork } from './folder-kind.ts';
import { lockFolder } from './lock.ts';
import { type MetricsRow, readMetrics } from './metrics-log.ts';
import { type PausedRun, readJson, RESUME_KEY, type RunHooks, trainUntil } from './run.ts';
import { readSource } from './source.ts';
import { FolderStore } from './store.ts';
import type { SourceCheckpoint } from './training.ts';

/** A training that takes part in a race; all of them train for the race's budget, as far as they get. */
export interface Candidate {
  readonly config: RunConfig;
  /** Where a transfer finds its source, as for `readSource`. */
  readonly source: string | null;
}

export interface Race {
  readonly rules: RaceRules;
  readonly candidates: readonly Candidate[];
}

/** The end of a race: `result.json`. */
export interface RaceResult {
  readonly winner: number;
  /** Env steps of all candidates together. */
  readonly step: number;
  /** Seconds of work of all candidates together. */
  readonly seconds: number;
  /** What the race would have given, over the steps charged (see `raceCurve`). */
  readonly evaluations: readonly { readonly step: number; readonly mean: number }[];
  /** Where candidates stopped in each rung, and last the winner. */
  readonly phases: readonly (readonly Pause[])[];
}

/** A pause with all that the candidate has done by then. */
interface StoredPause extends Pause {
  /** Returns so far of the training episodes under way. */
  readonly running: readonly number[];
  /** Why it has no score; null where it has one, missing in races of before, which ended with the error. */
  readonly diverged?: string | null;
  readonly seconds: number;
  readonly evaluations: readonly { readonly step: number; readonly mean: number }[];
}

/** `race.json`: how far it is. Of what is under way the candidates' own folders tell. */
interface RaceState {
  readonly race: string;
  readonly phases: StoredPause[][];
}

/** The folder of a candidate, a run folder, in that of its race. */
export const candidateFolder = (folder: string, candidate: number): string => `${folder}/candidates/${candidate}`;

/** What a race's result depends on, hashed: 16 hexadecimal digits. */
const raceId = ({ rules, candidates }: Race): string =>
  hashOf([rules, candidates.map(({ config }) => runId(config))]).slice(0, 16);

/** A race that can be held, with its id. @throws UserError where returns of its candidates can't be compared */
export function settleRace(race: Race): Race & { readonly id: string } {
  const methods = race.candidates.flatMap(({ config }) => config.transfer?.method ?? []);
  const changing = methods.find((id) => findMethod(id).env !== undefined);
  if (changing !== undefined) {
    throw new UserError(
      `${changing} changes the episodes, so that its returns are no match for scratch's: it can't race`,
    );
  }
  return { ...race, id: raceId(race) };
}

/** Reads the checkpoint that a candidate begins at; null: scratch. */
export type OpenSource = (source: string | null) => SourceCheckpoint | null | Promise<SourceCheckpoint | null>;

interface Means {
  readonly hooks: RunHooks;
  readonly openSource: OpenSource;
}

const openHere: OpenSource = (source) => (source === null ? null : readSource(source));

/**
 * Trains the candidates in turns, a rung at a time, drops the worst by what they collect in training, and gives the one
 * that is left what is left of the budget. One that diverges leaves, charged as far as it came. Goes on from where an
 * earlier session stopped, however it stopped. A finished race gives its result at once. @throws UserError where the
 * folder holds another race, and as `trainRun`; NotFiniteError where the winner diverges, or all do
 */
export async function runRace(
  folder: string,
  race: Race,
  hooks: RunHooks = {},
  openSource: OpenSource = openHere,
): Promise<RaceResult> {
  const store = new FolderStore(folder);
  const lock = await lockFolder(folder);
  try {
    const state = await openRace(store, race);
    if (!(await store.get('result.json'))) {
      await runPhases(store, race, state, { hooks, openSource });
      await store.put('result.json', json(resultOf(race, state)));
    }
    // An earlier session may have been killed before it came to this.
    for (const i of race.candidates.keys()) await new FolderStore(candidateFolder(folder, i)).delete(RESUME_KEY);
    return await readJson<RaceResult>(store, 'result.json');
  } finally {
    await lock.release();
  }
}

async function openRace(store: FolderStore, race: Race): Promise<RaceState> {
  await refuseOtherWork(store, 'race');
  const id = raceId(race);
  if (!(await store.get(RACE_KEY))) await store.put(RACE_KEY, json({ race: id, phases: [] } satisfies RaceState));
  const state = await readJson<RaceState>(store, RACE_KEY);
  if (state.race !== id) throw new UserError(`${store.folder} holds another race; choose another folder`);
  return state;
}

/** Rung by rung, then the winner alone. */
async function runPhases(store: FolderStore, race: Race, { race: id, phases }: RaceState, means: Means) {
  const rungs = rungsOf(race.candidates.length, race.rules);
  let left = [...race.candidates.keys()];
  for (let phase = 0; phase <= rungs.length; phase++) {
    const pauses = (phases[phase] ??= []);
    const until = rungs[phase]?.until ?? winnersSteps(left[0], phases.slice(0, phase), race.rules);
    for (const candidate of left) {
      if (pauses.some((pause) => pause.candidate === candidate)) continue;
      pauses.push(await advance(store.folder, race, candidate, until, phases, means));
      await store.put(RACE_KEY, json({ race: id, phases } satisfies RaceState));
    }
    left = survivors(pauses, rungs, phase);
    if (left.length === 0) throw new NotFiniteError(`no candidate is left: ${pauses[pauses.length - 1].diverged}`);
  }
}

/** Trains a candidate until it has done `until` steps in all. */
async function advance(
  folder: string,
  { rules, candidates }: Race,
  candidate: number,
  until: number,
  phases: readonly (readonly StoredPause[])[],
  { hooks, openSource }: Means,
): Promise<StoredPause> {
  const { config, source } = candidates[candidate];
  const done = lastPauses(phases);
  const before = done.get(candidate);
  const others = sum([...done.values()].filter((pause) => pause.candidate !== candidate).map(({ step }) => step));
  const progress: RunHooks['progress'] = ({ phase, step, trainingReturn }) =>
    hooks.progress?.({
      phase: phase === 'evaluating' ? phase : 'training',
      step: others + step,
      totalTimesteps: rules.budget,
      trainingReturn,
      evaluations: [],
    });
  const saved = hooks.saved && ((step: number) => hooks.saved!(others + step));
  const own = candidateFolder(folder, candidate);
  const paused = await trainUntil(own, config, await openSource(source), until, { ...hooks, progress, saved });
  const rows = readMetrics(`${own}/metrics.jsonl`).filter(({ step }) => Number(step) > (before?.step ?? 0));
  return {
    candidate,
    step: paused.step,
    score: scoreOf(paused, rows, before),
    evaluation: paused.evaluation,
    running: paused.running,
    diverged: paused.diverged?.message ?? null,
    seconds: paused.seconds,
    evaluations: paused.evaluations.map(({ step, mean }) => ({ step, mean })),
  };
}

/** What counts in a rung, whose updates are `rows`; null where training diverged. */
function scoreOf(paused: PausedRun, rows: readonly MetricsRow[], before: StoredPause | undefined): number | null {
  if (paused.diverged) return null;
  // An update may be longer than a rung: then nothing new is known.
  if (paused.step === before?.step) return before.score;
  return rewardPerEpisode(endedIn(rows), before?.running ?? [], paused.running);
}

/** The training episodes that ended in these updates. */
function endedIn(rows: readonly MetricsRow[]): { count: number; returns: number } {
  const ended = rows.filter(({ episodes }) => Number(episodes) > 0);
  return {
    count: sum(ended.map(({ episodes }) => Number(episodes))),
    returns: sum(ended.map(({ episodes, episodeReturn }) => Number(episodes) * Number(episodeReturn))),
  };
}

function resultOf({ candidates }: Race, { phases }: RaceState): RaceResult {
  const last = lastPauses(phases);
  const curves = candidates.map(({ config }, i) => curveOf(config.seed, last.get(i)!.evaluations));
  const { steps, returns } = raceCurve(candidates[0].config.seed, phases, curves);
  return {
    winner: phases[phases.length - 1][0].candidate,
    step: sum([...last.values()].map(({ step }) => step)),
    seconds: sum([...last.values()].map(({ seconds }) => seconds)),
    evaluations: steps.map((step, i) => ({ step, mean: returns[i] })),
    phases: phases.map((pauses) =>
      pauses.map(({ candidate, step, score, evaluation }) => ({ candidate, step, score, evaluation })),
    ),
  };
}

/** Where each candidate stopped last. */
const lastPauses = (phases: readonly (readonly StoredPause[])[]): Map<number, StoredPause> =>
  new Map(phases.flat().map((pause) => [pause.candidate, pause]));

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value, null, 2));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
