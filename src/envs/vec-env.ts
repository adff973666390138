import { UserError } from '../core/errors.ts';
import { observationArray, observationSize } from '../core/game.ts';
import type { Game, Named, ObservationSpec } from '../core/game.ts';
import { Mt19937 } from '../core/mt19937.ts';
import { Sfc32, streamKey } from '../core/rng.ts';
import type { Rng, StreamKey } from '../core/rng.ts';
import type { VecEnv } from '../core/vec-env.ts';
import type { EnvSpec } from './env-id.ts';
import { restorePlainData } from './plain-data.ts';

/** A VecEnv made from a game. */
export interface GameVecEnv extends VecEnv {
  readonly spec: EnvSpec;
  /** `[E]`: the states of the game, for drawing. */
  readonly states: readonly unknown[];
}

/**
 * `numEnvs` copies of an environment. Call `reset` or `load` before the first step.
 *
 * Every act makes one sticky draw for each player who acts, before the game's own draws, also where `sticky` is 0 (so
 * the luck of an episode does not depend on it); the previous action is kept over resets. A repeated action that is
 * not legal gives way to the chosen one.
 *
 * Randomness: with `sfc32` each episode has a stream of its own, derived from (seed, environment, episode); with
 * `mt19937` environment e draws everything from one generator seeded with `seed * numEnvs + e`: one environment alone
 * is seeded as Python's MinAtar is, and no two seeds share luck.
 *
 * A time limit only cuts (`truncated`) what the rules have not ended in the same step.
 */
export function createVecEnv(spec: EnvSpec, numEnvs: number, seed: number | string): GameVecEnv {
  return new Envs(spec, numEnvs, seed);
}

/** @throws UserError where the game's generator has no seeds of its own for so many environments */
export function checkSeed({ rng }: EnvSpec, seed: number, numEnvs: number): void {
  if (rng !== 'mt19937' || (seed + 1) * numEnvs <= 2 ** 32) return;
  throw new UserError(`seed ${seed} of ${numEnvs} environments is too large for rng=mt19937 (2^32 seeds)`);
}

interface Saved {
  id: string;
  states: unknown[];
  rngs: Uint32Array[];
  episodes: Int32Array;
  previous: Int32Array;
  finalObs: Uint8Array | Float32Array;
  rewards: Float32Array;
  terminated: Uint8Array;
  truncated: Uint8Array;
  returns: Float64Array;
  lengths: Int32Array;
}

class Envs implements GameVecEnv {
  readonly spec: EnvSpec;
  readonly id: string;
  readonly numEnvs: number;
  readonly players: number;
  readonly observation: ObservationSpec;
  readonly obsSize: number;
  readonly actions: readonly Named[];
  readonly obs: Uint8Array | Float32Array;
  readonly finalObs: Uint8Array | Float32Array;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly legal: Uint8Array;
  readonly finalLegal: Uint8Array;
  readonly toAct: Int8Array;
  readonly returns: Float64Array;
  readonly lengths: Int32Array;
  readonly states: unknown[];

  private readonly game: Game;
  /** Does one player play, with all actions all the time? Then `stepSolo` does, without turns and masks. */
  private readonly isSolo: boolean;
  private readonly key: StreamKey;
  private readonly rngs: Rng[];
  /** `[E]`: number of the running episode, -1 before the first. */
  private readonly episodes: Int32Array;
  /** `[E, P]`: the action last in force, an index into the game's own actions. */
  private readonly previous: Int32Array;
  private readonly actionIndices: Int32Array;
  /** One environment's actions, rewards and mask, as the game knows them. */
  private readonly inForce: Int32Array;
  private readonly stepRewards: Float32Array;
  private readonly mask: Uint8Array;

  constructor(spec: EnvSpec, numEnvs: number, seed: number | string) {
    const { game, observation, variant } = spec;
    const slots = numEnvs * game.players;
    this.spec = spec;
    this.id = spec.id;
    this.game = game;
    this.numEnvs = numEnvs;
    this.players = game.players;
    this.observation = observation;
    this.obsSize = observationSize(observation);
    this.actions = spec.actionSet;
    this.obs = observationArray(observation, slots);
    this.finalObs = observationArray(observation, slots);
    this.rewards = new Float32Array(slots);
    this.terminated = new Uint8Array(numEnvs);
    this.truncated = new Uint8Array(numEnvs);
    this.legal = new Uint8Array(slots * this.actions.length).fill(1);
    this.finalLegal = this.legal.slice();
    this.toAct = new Int8Array(numEnvs).fill(-1);
    this.returns = new Float64Array(slots);
    this.lengths = new Int32Array(numEnvs);
    this.states = Array.from({ length: numEnvs }, () => game.create(variant));
    this.isSolo = game.players === 1 && game.legal === undefined && game.toAct === undefined;
    this.key = streamKey(seed, 'env');
    this.rngs = Array.from({ length: numEnvs }, (_, env) => this.createRng(seed, env));
    this.episodes = new Int32Array(numEnvs).fill(-1);
    this.previous = new Int32Array(slots);
    this.actionIndices = Int32Array.from(spec.actionIndices);
    this.inForce = new Int32Array(game.players);
    this.stepRewards = new Float32Array(game.players);
    this.mask = new Uint8Array(game.actions.length);
  }

  reset(): void {
    this.rewards.fill(0);
    this.terminated.fill(0);
    this.truncated.fill(0);
    this.returns.fill(0);
    this.lengths.fill(0);
    for (let env = 0; env < this.numEnvs; env++) {
      this.startEpisode(env);
      this.look(env);
    }
  }

  step(actions: Int32Array): void {
    if (this.isSolo) this.stepSolo(actions);
    else for (let env = 0; env < this.numEnvs; env++) this.stepOne(env, actions);
  }

  stepOne(env: number, actions: Int32Array): void {
    const { game, players, stepRewards, returns } = this;
    const rng = this.rngs[env];
    const first = env * players;
    if (this.terminated[env] === 1 || this.truncated[env] === 1) this.forgetEpisode(env);
    this.settleActions(env, actions, rng);
    const isOver = game.step(this.states[env], this.inForce, rng, stepRewards);
    for (let player = 0; player < players; player++) {
      this.rewards[first + player] = stepRewards[player];
      returns[first + player] += stepRewards[player];
    }
    if (++this.lengths[env] === this.spec.maxSteps || isOver) this.endEpisode(env, isOver);
    this.look(env);
  }

  save(): Saved {
    return structuredClone({
      id: this.id,
      states: this.states,
      rngs: this.rngs.map((rng) => rng.save()),
      episodes: this.episodes,
      previous: this.previous,
      finalObs: this.finalObs,
      rewards: this.rewards,
      terminated: this.terminated,
      truncated: this.truncated,
      returns: this.returns,
      lengths: this.lengths,
    });
  }

  load(state: unknown): void {
    const saved = state as Saved;
    if (saved.id !== this.id || saved.states.length !== this.numEnvs) {
      throw new UserError(
        `the saved state is of ${saved.states.length} x ${saved.id}, but this is ${this.numEnvs} x ${this.id}`,
      );
    }
    this.episodes.set(saved.episodes);
    this.previous.set(saved.previous);
    this.finalObs.set(saved.finalObs);
    this.rewards.set(saved.rewards);
    this.terminated.set(saved.terminated);
    this.truncated.set(saved.truncated);
    this.returns.set(saved.returns);
    this.lengths.set(saved.lengths);
    for (let env = 0; env < this.numEnvs; env++) {
      this.rngs[env].load(saved.rngs[env]);
      restorePlainData(this.states[env] as object, saved.states[env] as object);
      this.look(env);
    }
  }

  private createRng(seed: number | string, env: number): Rng {
    if (this.spec.rng === 'sfc32') return new Sfc32(this.key);
    if (typeof seed !== 'number') throw new UserError(`rng=mt19937 needs a whole number as seed, not "${seed}"`);
    checkSeed(this.spec, seed, this.numEnvs);
    return new Mt19937(seed * this.numEnvs + env);
  }

  /** What `stepOne` does, for all environments of a game that one player plays with all actions. */
  private stepSolo(actions: Int32Array): void {
    const { game, numEnvs, states, rngs, previous, actionIndices, inForce, stepRewards, obs, obsSize } = this;
    const { rewards, returns, lengths, terminated, truncated } = this;
    const { sticky, maxSteps } = this.spec;
    for (let env = 0; env < numEnvs; env++) {
      const state = states[env];
      const rng = rngs[env];
      if (terminated[env] === 1 || truncated[env] === 1) this.forgetEpisode(env);
      if (rng.float() >= sticky) previous[env] = actionIndices[actions[env]];
      inForce[0] = previous[env];
      const isOver = game.step(state, inForce, rng, stepRewards);
      const reward = stepRewards[0];
      rewards[env] = reward;
      returns[env] += reward;
      if (++lengths[env] === maxSteps || isOver) this.endEpisode(env, isOver);
      game.observe(state, 0, obs, env * obsSize);
    }
  }

  /** Applies the sticky rule; leaves the actions in force, as indices into the game's own, in `inForce`. */
  private settleActions(env: number, actions: Int32Array, rng: Rng): void {
    const { players, inForce, previous, actionIndices } = this;
    const toAct = this.toAct[env];
    for (let player = 0; player < players; player++) {
      const slot = env * players + player;
      let action = actionIndices[actions[slot]];
      if (toAct === -1 || toAct === player) {
        if (rng.float() < this.spec.sticky && this.mayRepeat(env, player)) action = previous[slot];
        previous[slot] = action;
      }
      inForce[player] = action;
    }
  }

  private mayRepeat(env: number, player: number): boolean {
    if (this.game.legal === undefined) return true;
    this.game.legal(this.states[env], player, this.mask, 0);
    return this.mask[this.previous[env * this.players + player]] === 1;
  }

  private forgetEpisode(env: number): void {
    this.terminated[env] = 0;
    this.truncated[env] = 0;
    this.lengths[env] = 0;
    for (let player = 0; player < this.players; player++) this.returns[env * this.players + player] = 0;
  }

  /** Keeps the last observation and starts the next episode. */
  private endEpisode(env: number, isOver: boolean): void {
    if (isOver) this.terminated[env] = 1;
    else this.truncated[env] = 1;
    this.observe(env, this.finalObs);
    if (!isOver && this.game.legal !== undefined) this.writeLegal(env, this.finalLegal);
    this.startEpisode(env);
  }

  private startEpisode(env: number): void {
    const rng = this.rngs[env];
    const episode = ++this.episodes[env];
    if (rng instanceof Sfc32) rng.reseed(this.key, env, episode);
    this.game.reset(this.states[env], rng);
  }

  /** Writes what the players of one environment see and may do. */
  private look(env: number): void {
    const { game } = this;
    this.observe(env, this.obs);
    if (game.toAct !== undefined) this.toAct[env] = game.toAct(this.states[env]);
    if (game.legal !== undefined) this.writeLegal(env, this.legal);
  }

  private observe(env: number, obs: Uint8Array | Float32Array): void {
    const { game, players, obsSize } = this;
    for (let player = 0; player < players; player++) {
      game.observe(this.states[env], player, obs, (env * players + player) * obsSize);
    }
  }

  private writeLegal(env: number, legal: Uint8Array): void {
    const { game, players, mask, actionIndices } = this;
    for (let player = 0; player < players; player++) {
      const offset = (env * players + player) * actionIndices.length;
      game.legal!(this.states[env], player, mask, 0);
      for (let i = 0; i < actionIndices.length; i++) legal[offset + i] = mask[actionIndices[i]];
    }
  }
}
