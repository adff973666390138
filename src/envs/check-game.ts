import { ROLES, observationArray, observationSize } from '../core/game.ts';
import type { Game, ObservationSpec } from '../core/game.ts';
import { createRng } from '../core/rng.ts';
import type { Sfc32 } from '../core/rng.ts';
import { optionClashes, variantFields } from './env-id.ts';
import type { OptionField } from './env-id.ts';
import { plainDataProblem, restorePlainData } from './plain-data.ts';

/** What is wrong with a game (`error`: it will not train as it should) or looks like a slip (`warning`). */
export interface Finding {
  level: 'error' | 'warning';
  message: string;
}

type Report = (level: Finding['level'], message: string) => void;

/** How long the checks play. An episode longer than `LONG` needs a time limit. */
const STEPS = 400;
const LONG = 20_000;

/**
 * Tells the author of a game what is wrong with it: first what it declares, then how it plays (with random legal
 * actions). Empty when all is well. Never throws for what a game does; `game` may be anything.
 */
export function checkGame(game: unknown): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (level, message) => {
    if (!findings.some((finding) => finding.message === message)) findings.push({ level, message });
  };
  const hasErrors = () => findings.some(({ level }) => level === 'error');
  checkDeclaration(game, report);
  if (hasErrors()) return findings;
  const sound = game as Game;
  checkVariants(sound, report);
  if (hasErrors()) return findings;
  attempt(report, '', () => checkPlay(sound, sound.variants.parse({}) as Variant, report));
  if (!hasErrors()) checkVariantPlay(sound, report);
  return findings;
}

/** The first error in what a game declares, found without playing it; undefined where there is none. */
export function declarationError(game: unknown): string | undefined {
  const errors: string[] = [];
  const report: Report = (level, message) => void (level === 'error' && errors.push(message));
  checkDeclaration(game, report);
  const sound = game as Game;
  if (errors.length === 0) checkVariants(sound, report);
  if (errors.length === 0) {
    attempt(report, '', () => checkObservation(sound.observation(sound.variants.parse({}) as Variant), report));
  }
  return errors[0];
}

type Variant = Record<string, unknown>;

function attempt(report: Report, where: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    report('error', `${where}the game throws: ${error instanceof Error ? error.message : String(error)}`);
  }
}

// What the game declares

const REQUIRED: readonly (readonly [string, string])[] = [
  ['id', 'string'],
  ['revision', 'number'],
  ['summary', 'string'],
  ['players', 'number'],
  ['variants', 'object'],
  ['actions', 'object'],
  ['observation', 'function'],
  ['create', 'function'],
  ['reset', 'function'],
  ['step', 'function'],
  ['observe', 'function'],
];

function checkDeclaration(value: unknown, report: Report): void {
  if (typeof value !== 'object' || value === null) {
    report('error', 'not a game: export default defineGame({ … })');
    return;
  }
  const fields = value as Record<string, unknown>;
  const lacking = REQUIRED.filter(([name, type]) => typeof fields[name] !== type || fields[name] === null);
  for (const [name, type] of lacking) {
    report('error', name in fields ? `"${name}" must be a ${type}` : `"${name}" is missing (a ${type})`);
  }
  if (lacking.length > 0) return;
  const game = value as Game;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(game.id)) {
    report('error', `the id "${game.id}" must be lower-case words joined by hyphens, like my-game`);
  }
  if (!Number.isInteger(game.revision) || game.revision < 1) report('error', 'revision must be a whole number from 1');
  if (game.sticky !== undefined && !(game.sticky >= 0 && game.sticky <= 1)) report('error', 'sticky must be 0 to 1');
  if (game.maxSteps !== undefined && !(Number.isInteger(game.maxSteps) && game.maxSteps > 0)) {
    report('error', 'maxSteps must be a whole number from 1 (leave it out for no time limit)');
  }
  checkPlayers(game, report);
  checkActions(game, report);
}

function checkPlayers(game: Game, report: Report): void {
  if (game.players !== 1 && game.players !== 2) report('error', `players must be 1 or 2, not ${String(game.players)}`);
  if (game.players === 2 && game.turns !== 'simultaneous' && game.turns !== 'alternating') {
    report('error', 'a game for two players needs turns: "simultaneous" or "alternating"');
  }
  const alternates = game.turns === 'alternating';
  if (alternates && game.toAct === undefined) report('error', 'a game with alternating turns needs toAct(state)');
  if (!alternates && game.toAct !== undefined) report('error', 'toAct is only for turns: "alternating"');
}

function checkActions(game: Game, report: Report): void {
  if (!Array.isArray(game.actions) || game.actions.length < 2) {
    report('error', 'actions must be an array of at least two { name, roles }');
    return;
  }
  checkNamed('action', game.actions, Object.keys(ROLES.action), report);
  const names = game.actions.map(({ name }) => name);
  for (const name of game.minimalActions ?? []) {
    if (!names.includes(name)) {
      report('error', `minimalActions has "${name}", which is no action; valid: ${names.join(', ')}`);
    }
  }
}

function checkOffered(game: Game, variant: Variant, report: Report): void {
  const names = game.actions.map(({ name }) => name);
  for (const name of game.offered?.(variant) ?? []) {
    if (!names.includes(name)) report('error', `offered has "${name}", which is no action; valid: ${names.join(', ')}`);
  }
}

function checkNamed(what: string, items: readonly unknown[], known: readonly string[], report: Report): void {
  const seen = new Set<string>();
  for (const item of items as { name?: unknown; roles?: unknown }[]) {
    const { name, roles } = item;
    if (typeof name !== 'string' || name === '') {
      report('error', `every ${what} needs a name`);
      continue;
    }
    if (seen.has(name)) report('error', `two of the ${what}s are called "${name}"`);
    seen.add(name);
    if (!Array.isArray(roles) || roles.some((role) => typeof role !== 'string')) {
      report('error', `${what} "${name}" needs roles, an array of words`);
    } else if (roles.length === 0) {
      report('warning', `${what} "${name}" has no roles, so transfer cannot align it; roles: ${known.join(', ')}`);
    } else {
      for (const role of roles.filter((one) => !known.includes(one))) {
        report(
          'warning',
          `${what} "${name}" has the role "${role}", which no other game knows; known: ${known.join(', ')}`,
        );
      }
    }
  }
}

function checkVariants(game: Game, report: Report): void {
  if (typeof game.variants.safeParse !== 'function' || typeof game.variants.shape !== 'object') {
    report('error', 'variants must be a zod object: z.object({ … })');
    return;
  }
  for (const name of optionClashes(game)) report('error', `the variant parameter "${name}" is an option of every game`);
  const parsed = game.variants.safeParse({});
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map(({ path }) => path.join('.')));
    report('error', `variant parameters without a valid default: ${[...names].join(', ')}`);
    return;
  }
  for (const { name, description } of variantFields(game)) {
    if (description === '') report('warning', `the variant parameter "${name}" has no description: use .describe('…')`);
  }
}

function checkObservation(spec: ObservationSpec, report: Report): boolean {
  const known = Object.keys(ROLES.observation);
  if (spec?.kind === 'planes') {
    const { height, width, channels } = spec;
    if (![height, width].every((size) => Number.isInteger(size) && size > 0) || !Array.isArray(channels)) {
      report('error', 'observation: planes need height, width and channels');
      return false;
    }
    checkNamed('channel', channels, known, report);
  } else if (spec?.kind === 'features') {
    if (!Array.isArray(spec.features)) {
      report('error', 'observation: features must be an array of { name, roles, scale }');
      return false;
    }
    checkNamed('feature', spec.features, known, report);
    for (const { name, scale } of spec.features) {
      if (!(scale > 0 && Number.isFinite(scale))) report('error', `feature "${name}" needs a scale above 0`);
    }
  } else {
    report('error', 'observation: kind must be "planes" or "features"');
    return false;
  }
  if (observationSize(spec) > 0) return true;
  report('error', 'the observation is empty');
  return false;
}

// How the game plays

/** A game in play: its state, its luck and a player who draws legal actions. */
interface World {
  game: Game;
  spec: ObservationSpec;
  state: unknown;
  rng: Sfc32;
  player: Sfc32;
  actions: Int32Array;
  rewards: Float32Array;
  /** Chooses instead of the random player. */
  constant?: number;
}

function createWorld(game: Game, variant: Variant, seed: number): World {
  return {
    game,
    spec: game.observation(variant),
    state: game.create(variant),
    rng: createRng(seed, 'check', 'env'),
    player: createRng(seed, 'check', 'player'),
    actions: new Int32Array(game.players),
    rewards: new Float32Array(game.players),
  };
}

function checkPlay(game: Game, variant: Variant, report: Report): void {
  const spec = game.observation(variant);
  if (!checkObservation(spec, report)) return;
  checkOffered(game, variant, report);
  const first = game.create(variant);
  if (typeof first !== 'object' || first === null) {
    report('error', 'create must return an object');
    return;
  }
  if (first === game.create(variant)) {
    report('error', 'create returns the same object twice: environments would share their state');
    return;
  }
  checkSteps(createWorld(game, variant, 1), STEPS, report);
  checkDeterminism(game, variant, report);
  checkRestore(game, variant, report);
  checkEnds(game, variant, report);
  checkActionsMatter(game, variant, report);
  checkShapes(game, variant, report);
}

/** Plays with every check on what the functions write. */
function checkSteps(world: World, steps: number, report: Report): void {
  const { game, spec, state, rng, rewards } = world;
  game.reset(state, rng);
  checkState(world, 'create and reset', report);
  for (let i = 0; i < steps; i++) {
    checkWritten(world, report);
    if (!checkTurn(world, report)) return;
    chooseActions(world);
    rewards.fill(NaN);
    const ended: unknown = game.step(state, world.actions, rng, rewards);
    if (typeof ended !== 'boolean') report('error', `step must return true or false, it returned ${String(ended)}`);
    rewards.forEach((reward, player) => {
      if (!Number.isFinite(reward)) report('error', `step must set rewards[${player}] to a finite number, every time`);
    });
    if (ended === true) {
      checkWritten(world, report);
      game.reset(state, rng);
    }
  }
  checkState(world, 'step', report);
  if (spec.kind === 'features' && game.shapes === undefined) {
    report('warning', 'no shapes(state): the viewer has nothing to draw for a game with features');
  }
}

function checkState(world: World, after: string, report: Report): void {
  const problem = plainDataProblem(world.state);
  if (problem !== undefined) report('error', `the state must be plain data, but after ${after} ${problem}`);
}

/** Observations are written whole, in bounds and without a trace in the state. */
function checkWritten(world: World, report: Report): void {
  const { game, spec, state } = world;
  const size = observationSize(spec);
  for (let player = 0; player < game.players; player++) {
    const [a, b] = [0, 1].map((filling) => {
      const out = observationArray(spec, 3).fill(77 + filling);
      game.observe(state, player, out, size);
      return out;
    });
    for (let i = 0; i < size; i++) {
      const [value, other] = [a[size + i], b[size + i]];
      if (value === 77 && other === 78) report('error', `observe does not write ${valueName(spec, i)}`);
      else if (!Object.is(value, other))
        report('error', `observe gives ${valueName(spec, i)} two values for one state`);
      else if (spec.kind === 'planes' && value > 1)
        report('error', `observe writes ${value} to ${valueName(spec, i)}, not 0 or 1`);
      else if (!Number.isFinite(value)) report('error', `observe writes ${value} to ${valueName(spec, i)}`);
    }
    const isTouched = (part: Uint8Array | Float32Array) => part.some((value) => value !== 77);
    if (isTouched(a.subarray(0, size)) || isTouched(a.subarray(2 * size)))
      report('error', 'observe writes outside of its observation: add offset');
  }
}

function valueName(spec: ObservationSpec, i: number): string {
  if (spec.kind === 'features') return `feature "${spec.features[i].name}"`;
  return `channel "${spec.channels[i % spec.channels.length].name}"`;
}

function checkTurn(world: World, report: Report): boolean {
  const { game, state } = world;
  if (game.toAct !== undefined) {
    const toAct = game.toAct(state);
    if (toAct !== 0 && toAct !== 1) {
      report('error', `toAct must return 0 or 1, it returned ${String(toAct)}`);
      return false;
    }
  }
  const { legal } = game;
  if (legal === undefined) return true;
  for (const player of actors(world)) {
    const mask = new Uint8Array(game.actions.length).fill(77);
    legal.call(game, state, player, mask, 0);
    if (mask.some((value) => value > 1)) report('error', 'legal must write 0 or 1 for every action');
    if (mask.every((value) => value === 0)) {
      report('error', `legal leaves player ${player} without any action, and the episode goes on`);
      return false;
    }
  }
  return true;
}

const actors = ({ game, state }: World): number[] => {
  if (game.toAct !== undefined) return [game.toAct(state)];
  return Array.from({ length: game.players }, (_, player) => player);
};

function chooseActions(world: World): void {
  const { game, state, actions, constant } = world;
  actions.fill(0);
  const mask = new Uint8Array(game.actions.length).fill(1);
  for (const player of actors(world)) {
    game.legal?.(state, player, mask, 0);
    const legal = [...mask.keys()].filter((action) => mask[action] === 1);
    const drawn = legal[world.player.int(0, legal.length)];
    actions[player] = constant !== undefined && legal.includes(constant) ? constant : drawn;
  }
}

/** One number for each step: a hash of all that can be seen of it. Resets where an episode ends. */
function play(world: World, steps: number): number[] {
  const { game, spec, state, rng, rewards } = world;
  const obs = observationArray(spec, game.players);
  const bytes = new Uint8Array(obs.buffer);
  const rewardBytes = new Uint8Array(rewards.buffer);
  return Array.from({ length: steps }, () => {
    chooseActions(world);
    const ended = game.step(state, world.actions, rng, rewards);
    for (let player = 0; player < game.players; player++) {
      game.observe(state, player, obs, player * observationSize(spec));
    }
    if (ended) game.reset(state, rng);
    return hash(bytes, hash(rewardBytes, ended ? 1 : 0));
  });
}

function hash(bytes: Uint8Array, start: number): number {
  let value = start ^ 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  return value;
}

const isSame = (a: number[], b: number[]): boolean => a.every((value, i) => value === b[i]);

function startedWorld(game: Game, variant: Variant, seed: number): World {
  const world = createWorld(game, variant, seed);
  game.reset(world.state, world.rng);
  return world;
}

function checkDeterminism(game: Game, variant: Variant, report: Report): void {
  const alone = play(startedWorld(game, variant, 2), STEPS);
  if (!isSame(alone, play(startedWorld(game, variant, 2), STEPS))) {
    report('error', 'two plays with the same seed and actions differ: draw only from rng, keep all in the state');
    return;
  }
  const [a, b] = [startedWorld(game, variant, 2), startedWorld(game, variant, 3)];
  const mixed = Array.from({ length: STEPS }, () => {
    const [step] = play(a, 1);
    play(b, 1);
    return step;
  });
  if (!isSame(alone, mixed)) report('error', 'two environments side by side disturb each other: keep all in the state');
  if (game.remembers) return;
  const used = startedWorld(game, variant, 4);
  play(used, STEPS);
  Object.assign(used, { rng: createRng(2, 'check', 'env'), player: createRng(2, 'check', 'player') });
  game.reset(used.state, used.rng);
  if (!isSame(alone, play(used, STEPS))) {
    report('error', 'reset leaves something of the episode before in the state (if it should: remembers: true)');
  }
}

/** A state saved in mid-episode and put into another environment goes on the same. */
function checkRestore(game: Game, variant: Variant, report: Report): void {
  const world = startedWorld(game, variant, 5);
  if (plainDataProblem(world.state) !== undefined) return;
  for (let i = 0; i < 8; i++) {
    play(world, 7);
    const copy = startedWorld(game, variant, 6);
    restorePlainData(copy.state as object, structuredClone(world.state) as object);
    copy.rng.load(world.rng.save());
    copy.player.load(world.player.save());
    if (!isSame(play(world, 40), play(copy, 40))) {
      report('error', 'a saved and restored state goes on differently: something is kept outside of the state');
      return;
    }
  }
}

function checkEnds(game: Game, variant: Variant, report: Report): void {
  const world = startedWorld(game, variant, 7);
  let episodes = 0;
  let rewarded = false;
  let length = 0;
  let longest = 0;
  for (let i = 0; i < LONG && episodes < 50; i++) {
    chooseActions(world);
    const ended = game.step(world.state, world.actions, world.rng, world.rewards);
    rewarded ||= world.rewards.some((reward) => reward !== 0);
    longest = Math.max(longest, ++length);
    if (!ended) continue;
    episodes++;
    length = 0;
    game.reset(world.state, world.rng);
  }
  if (episodes === 0 && game.maxSteps === undefined) {
    report('warning', `no episode ended in ${LONG} random steps: set maxSteps, or evaluation may never end`);
  }
  if (episodes > 0 && longest === 1) report('warning', 'every episode ends with its first step');
  if (!rewarded) report('warning', 'random play was never rewarded: learning will hardly start');
}

function checkActionsMatter(game: Game, variant: Variant, report: Report): void {
  const traces = game.actions.map((_, constant) => play({ ...startedWorld(game, variant, 8), constant }, STEPS));
  if (traces.every((trace) => isSame(trace, traces[0]))) report('warning', 'the actions change nothing');
}

function checkShapes(game: Game, variant: Variant, report: Report): void {
  if (game.shapes === undefined) return;
  const world = startedWorld(game, variant, 9);
  const known = Object.keys(ROLES.observation);
  for (let i = 0; i < 20; i++) {
    play(world, 1);
    for (const { kind, role, ...numbers } of game.shapes(world.state)) {
      if (!known.includes(role)) report('warning', `a ${kind} has the role "${role}"; known: ${known.join(', ')}`);
      if (Object.values(numbers).some((value) => !Number.isFinite(value))) {
        report('error', `shapes gives a ${kind} a coordinate that is not a number`);
      }
    }
  }
}

/** Every parameter at its ends: the game must still hold what it promises. */
function checkVariantPlay(game: Game, report: Report): void {
  for (const field of variantFields(game)) {
    for (const value of extremes(field)) {
      const parsed = game.variants.safeParse({ [field.name]: value });
      if (!parsed.success) continue;
      const where = `with ${field.name}=${String(value)}, `;
      const reportHere: Report = (level, message) => {
        if (level === 'error') report(level, where + message);
      };
      attempt(report, where, () => {
        const spec = game.observation(parsed.data);
        if (checkObservation(spec, reportHere)) checkSteps(createWorld(game, parsed.data, 10), 100, reportHere);
      });
    }
  }
}

const extremes = (field: OptionField): unknown[] => {
  if (field.type === 'boolean') return [true, false];
  return [field.minimum, field.maximum, ...(field.values ?? [])].filter((value) => value !== undefined);
};
