import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UserError } from '../src/core/errors.ts';
import { observationSize } from '../src/core/game.ts';
import type { Game } from '../src/core/game.ts';
import { Mt19937 } from '../src/core/mt19937.ts';
import type { Rng } from '../src/core/rng.ts';
import { envSpec } from '../src/envs/env-id.ts';
import type { EnvSpec } from '../src/envs/env-id.ts';
import { games } from '../src/envs/index.ts';

/*
 * Replays recordings of the original environments (test/golden/README.md describes the files) through the games, and
 * says for each episode where it first differs. The games are stepped directly, without the automatic reset of a vec
 * env: the recordings go on after the end of an episode, where the original only makes the sticky draw.
 */

/** What became of the episodes of one file. */
export interface FileResult {
  file: string;
  passed: number;
  failed: number;
  /** The first difference, if any: `asterix.jsonl.gz, set 0, episode 2, step 14: …`. */
  mismatch?: string;
  /** Why the file was not replayed. */
  skipped?: string;
}

/** `[kind, arguments, result]`: one draw of a tape. */
type Draw = ['rand' | 'randint', number[], number | number[]];

interface MinAtarSet {
  type: 'set';
  set: number;
  sticky: number;
  ramping: boolean;
  seed: number | null;
}

interface MinAtarEpisode {
  type: 'episode';
  set: number;
  episode: number;
  reset_draws: Draw[];
  obs0: string;
  steps: number;
  actions: string;
  effective: string;
  rewards: number[];
  terminals: string;
  ramp: [number, number][] | null;
  obs: string[];
  draws: Draw[][];
}

interface ClassicEpisode {
  type: 'episode';
  episode: number;
  state0: number[];
  obs0: number[];
  steps: number;
  actions: number[];
  rewards: number[];
  states: number[][];
  obs: number[][];
  terminated: boolean;
  truncated: boolean;
}

type Header = { type: 'file'; game?: string; env?: string; channels?: string[]; minimal_actions?: number[] };

/** Where the draws of a replay come from. `begin` and `end` bracket one reset or act. */
export interface Draws extends Rng {
  begin(tape: Draw[]): void;
  end(): void;
}

/** A difference between a game and its recording. */
class Mismatch extends Error {}

/** Games whose actions are real numbers: not part of this project. */
const CONTINUOUS = ['pendulum', 'mountaincar_continuous'];

/** Largest difference of one step's state, as measured with another double-precision port (test/golden/README.md). */
const STEP_TOLERANCE: Record<string, number> = { cartpole: 1e-15, mountaincar: 1e-15, acrobot: 1e-14 };

/** Replays every `minatar/*.jsonl.gz` and `classic/*.jsonl.gz` under `dir`, in order of their names. */
export function replayFolder(dir: string): FileResult[] {
  const files = (kind: string) => {
    if (!existsSync(join(dir, kind))) return [];
    const names = readdirSync(join(dir, kind)).toSorted();
    return names.filter((name) => name.endsWith('.jsonl.gz')).map((name) => join(dir, kind, name));
  };
  const [minatar, classic] = [files('minatar'), files('classic')];
  if (minatar.length + classic.length === 0) {
    throw new UserError(`no recordings in "${dir}"; looked for minatar/*.jsonl.gz and classic/*.jsonl.gz`);
  }
  return [...minatar.map((file) => replayMinAtar(file, 'tape')), ...classic.map(replayClassic)];
}

/**
 * Replays a MinAtar file with the recorded draws (`tape`), or with those that follow from the seeds alone (`seed`; sets
 * without a seed are left out).
 */
export function replayMinAtar(file: string, source: 'tape' | 'seed'): FileResult {
  const { game, lines, result } = open(file);
  if (game === undefined) return result;
  let env: OriginalEnv | undefined;
  let draws: Draws = new TapeDraws();
  for (const line of lines as (MinAtarSet | MinAtarEpisode)[]) {
    if (line.type === 'set') {
      env = undefined;
      if (source === 'seed' && line.seed === null) continue;
      const ramping = Object.hasOwn(game.variants.shape, 'ramping') ? { ramping: line.ramping } : {};
      env = new OriginalEnv(envSpec(game, { sticky: line.sticky, ...ramping }));
      draws = source === 'seed' ? new SeedDraws(line.seed!) : new TapeDraws();
    } else if (env !== undefined) {
      const at = `set ${line.set}, episode ${line.episode}`;
      count(result, at, () => replayMinAtarEpisode(env!, line, draws));
      env.previous = Number(line.effective.at(-1));
    }
  }
  return result;
}

/** Replays a file of a classic control game, each step from the recorded state before it. */
export function replayClassic(file: string): FileResult {
  const name = basename(file, '.jsonl.gz');
  if (CONTINUOUS.includes(name)) {
    return { file: basename(file), passed: 0, failed: 0, skipped: 'continuous actions' };
  }
  const { game, lines, result } = open(file);
  if (game === undefined) return result;
  for (const line of lines as ClassicEpisode[]) {
    count(result, `episode ${line.episode}`, () => replayClassicEpisode(game, line));
  }
  return result;
}

/** The file's game and lines. Where the game is unknown or named otherwise, every episode counts as failed. */
function open(file: string): { game?: Game; lines: unknown[]; result: FileResult } {
  const text = gunzipSync(readFileSync(file)).toString().trim();
  const [header, ...lines] = text.split('\n').map((line) => JSON.parse(line)) as [Header, ...{ type: string }[]];
  const result: FileResult = { file: basename(file), passed: 0, failed: 0 };
  const game = games.find(({ id }) => id === gameId(header));
  const problem = game === undefined ? `"${gameId(header)}" is not one of the games` : namesProblem(game, header);
  if (problem === undefined) return { game, lines, result };
  result.failed = lines.filter(({ type }) => type === 'episode').length;
  result.mismatch = `${result.file}: ${problem}`;
  return { lines, result };
}

/** `space_invaders` and `MountainCar-v0` are called `space-invaders` and `mountaincar` here. */
const gameId = (header: Header): string =>
  (header.game ?? header.env ?? '')
    .replace(/-v\d+$/, '')
    .replaceAll('_', '-')
    .toLowerCase();

function namesProblem(game: Game, header: Header): string | undefined {
  if (header.channels === undefined) return undefined;
  const { observation, actionIndices } = envSpec(game, { actions: 'minimal' });
  const channels = observation.kind === 'planes' ? observation.channels.map(({ name }) => name) : [];
  if (String(channels) !== String(header.channels)) return `channels: expected ${header.channels}, got ${channels}`;
  const minimal = header.minimal_actions;
  if (String(actionIndices) === String(minimal)) return undefined;
  return `minimal actions: expected ${minimal}, got ${actionIndices}`;
}

function count(result: FileResult, at: string, replay: () => void): void {
  try {
    replay();
    result.passed++;
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    result.failed++;
    result.mismatch ??= `${result.file}, ${at}, ${error.message}`;
  }
}

/** The original's environment around a game: sticky actions, acts after the end, no automatic reset. */
class OriginalEnv {
  readonly spec: EnvSpec;
  readonly state: unknown;
  previous = 0;
  over = false;
  readonly rewards = new Float32Array(1);
  private readonly action = new Int32Array(1);

  constructor(spec: EnvSpec) {
    this.spec = spec;
    this.state = spec.game.create(spec.variant);
  }

  reset(rng: Rng): void {
    this.spec.game.reset(this.state, rng);
    this.over = false;
  }

  /** After the end an act makes the sticky draw, gives 0 and changes nothing in the game. */
  act(action: number, rng: Rng): void {
    this.action[0] = rng.float() < this.spec.sticky ? this.previous : action;
    this.previous = this.action[0];
    if (this.over) this.rewards[0] = 0;
    else this.over = this.spec.game.step(this.state, this.action, rng, this.rewards);
  }
}

function replayMinAtarEpisode(env: OriginalEnv, episode: MinAtarEpisode, draws: Draws): void {
  const obs = new Uint8Array(observationSize(env.spec.observation));
  const bracket = (step: number, tape: Draw[], play: () => void) =>
    at(step, () => {
      draws.begin(tape);
      play();
      draws.end();
    });
  bracket(-1, episode.reset_draws, () => env.reset(draws));
  at(-1, () => compareObs(env, obs, episode.obs0));
  let ramp = 0;
  const ramps = new Map(episode.ramp ?? []);
  for (let i = 0; i < episode.steps; i++) {
    bracket(i, episode.draws[i], () => env.act(Number(episode.actions[i]), draws));
    ramp = ramps.get(i) ?? ramp;
    at(i, () => {
      compare('action in force', Number(episode.effective[i]), env.previous);
      compare('reward', episode.rewards[i], env.rewards[0]);
      compare('terminal', episode.terminals[i], env.over ? '1' : '0');
      compareObs(env, obs, episode.obs[i]);
      if (episode.ramp !== null) compare('ramp counter', ramp, (env.state as { ramp: number }).ramp);
    });
  }
}

function replayClassicEpisode(game: Game, episode: ClassicEpisode): void {
  const spec = envSpec(game);
  const state = game.create(spec.variant) as { values: Float64Array };
  const obs = new Float32Array(observationSize(spec.observation));
  const rewards = new Float32Array(1);
  const rng = new TapeDraws();
  state.values.set(episode.state0);
  at(-1, () => compareFeatures(spec, state, obs, episode.obs0));
  for (let i = 0; i < episode.steps; i++) {
    state.values.set(i === 0 ? episode.state0 : episode.states[i - 1]);
    const terminated = game.step(state, [episode.actions[i]], rng, rewards);
    const isLast = i === episode.steps - 1;
    at(i, () => {
      episode.states[i].forEach((expected, k) => {
        const isClose = Math.abs(state.values[k] - expected) <= STEP_TOLERANCE[game.id];
        if (!isClose) compare(`state ${k}`, expected, state.values[k]);
      });
      compareFeatures(spec, state, obs, episode.obs[i]);
      compare('reward', episode.rewards[i], rewards[0]);
      compare('terminated', isLast && episode.terminated, terminated);
      compare('truncated', isLast && episode.truncated, i + 1 === spec.maxSteps);
    });
  }
}

/** Runs a check and names the step in what it throws; step -1 is the reset. */
function at(step: number, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw new Mismatch(`${step < 0 ? 'reset' : `step ${step}`}: ${error.message}`);
  }
}

function compare(what: string, expected: unknown, got: unknown): void {
  if (expected !== got) throw new Mismatch(`${what}: expected ${String(expected)}, got ${String(got)}`);
}

function compareObs(env: OriginalEnv, obs: Uint8Array, recorded: string): void {
  const { game, observation } = env.spec;
  if (observation.kind !== 'planes') throw new Mismatch('observation: expected planes, got features');
  const bits = Buffer.from(recorded, 'base64');
  const { width, channels } = observation;
  game.observe(env.state, 0, obs, 0);
  for (let i = 0; i < obs.length; i++) {
    const expected = (bits[i >> 3] >> (i & 7)) & 1;
    if (obs[i] === expected) continue;
    const cell = Math.floor(i / channels.length);
    const where = `cell (x ${cell % width}, y ${Math.floor(cell / width)})`;
    compare(`${where}, channel ${channels[i % channels.length].name}`, expected, obs[i]);
  }
}

function compareFeatures(spec: EnvSpec, state: unknown, obs: Float32Array, recorded: number[]): void {
  if (spec.observation.kind !== 'features') throw new Mismatch('observation: expected features, got planes');
  const { features } = spec.observation;
  spec.game.observe(state, 0, obs, 0);
  recorded.forEach((expected, i) => compare(`feature ${features[i].name}`, expected, obs[i]));
}

/** Hands out recorded draws, and verifies that just these are asked for. */
class TapeDraws implements Draws {
  private tape: Draw[] = [];
  private position = 0;

  begin(tape: Draw[]): void {
    this.tape = tape;
    this.position = 0;
  }

  end(): void {
    const left = this.tape.length - this.position;
    if (left > 0) throw new Mismatch(`${left} draws left over, the first ${JSON.stringify(this.tape[this.position])}`);
  }

  float(): number {
    return this.next('rand', []) as number;
  }

  int(low: number, high: number): number {
    return this.next('randint', [low, high]) as number;
  }

  fillFloats(out: Float64Array | Float32Array): void {
    out.set(this.next('rand', [out.length]) as number[]);
  }

  fillInts(out: Int32Array | Uint8Array, low: number, high: number): void {
    out.set(this.next('randint', [low, high, out.length]) as number[]);
  }

  save(): Uint32Array {
    return Uint32Array.of(this.position);
  }

  load(state: ArrayLike<number>): void {
    this.position = state[0];
  }

  private next(kind: string, args: number[]): number | number[] {
    const draw = this.tape[this.position++];
    const expected = draw === undefined ? 'no more draws' : `${draw[0]}(${draw[1]})`;
    compare('draw', expected, `${kind}(${args})`);
    return draw[2];
  }
}

/** Draws that follow from the seed. */
class SeedDraws extends Mt19937 implements Draws {
  begin(): void {}
  end(): void {}
}
