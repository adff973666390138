import { createRng, type Rng } from '../core/rng.ts';
import { findEnv } from '../envs/index.ts';
import { loadPolicy, type Policy } from '../play.ts';
import { Hand } from './hand.ts';
import type { ExhibitionOptions, Match } from './match.ts';
import type { PlayedSource } from './match-source.ts';
import { Pace } from './pace.ts';
import { type Choice, choose, frameOf, NO_CHOICE } from './player.ts';
import { encodeFrame, type MatchInfo, STEPS_PER_SECOND } from './protocol.ts';
import { openShowEnv, type ShowEnv } from './show-env.ts';

/** How long an ended episode stays on show, in steps. */
const HOLD_STEPS = 9;
/** A good player's episode lasts a quarter of an hour. */
const PATIENCE_STEPS = 600;
/** How often newer weights are looked for: while none are there at all, and after patience has run out. */
const RETRY_MS = 1000;
const RETRY_STEPS = 60;

/** `fresh`: an episode has to be begun. `ready`: it waits for a key. `ended`: its end is on show. `stopped`: it failed. */
type Phase = 'fresh' | 'ready' | 'playing' | 'ended' | 'stopped';

/**
 * A match made for eyes: the newest weights play an environment of their own, outside any training thread. Weights are
 * renewed between episodes; actions are sampled. It steps only while somebody watches.
 */
export class Exhibition implements Match {
  readonly source: PlayedSource;
  private readonly options: ExhibitionOptions;
  private readonly stepMs: number;
  private readonly seed: number;
  private readonly rng: Rng;
  private show: ShowEnv | null = null;
  private actions = new Int32Array(1);
  private policy: Policy | null = null;
  /** Of the weights that play; -1 before the first. */
  private trainingStep = -1;
  private problem: string | undefined;

  private watchers = 0;
  private paused = false;
  private speed = 1;
  private closed = false;
  private readonly pace = new Pace({
    hasWork: () => this.hasWork(),
    advance: () => this.advance(),
    fail: (error) => this.stop(error),
  });

  private phase: Phase = 'fresh';
  private frame = 0;
  private episode = -1;
  private last: string | null = null;
  private hand = new Hand();
  /** Who plays in the policy's stead. */
  private human: string | null = null;
  /** Was a human's the step that led here? Was any of this episode? */
  private isHumanStep = false;
  private isHelped = false;

  constructor(source: PlayedSource, options: ExhibitionOptions = {}) {
    this.source = source;
    this.options = options;
    this.seed = options.seed ?? 0;
    this.stepMs = 1000 / (options.stepsPerSecond ?? STEPS_PER_SECOND);
    this.rng = createRng(this.seed, 'exhibition', 'actions');
    void this.attempt(() => this.prepare());
  }

  /** The match as a page lists it. */
  info(): MatchInfo {
    const { id, label, arm } = this.source;
    const { driver, speed, problem } = this;
    const human = this.human ?? undefined;
    return { id, label, arm, driver, human, state: this.state(), speed, stage: this.show?.stage ?? null, problem };
  }

  /** The newest frame as it travels: whole in itself, all that a late joiner needs. Null before the first. */
  lastFrame(): string | null {
    return this.last;
  }

  /** How many watch. The match stands still while nobody does, and goes on from there. */
  setWatchers(count: number): void {
    this.watchers = count;
    this.start();
  }

  setPaused(paused: boolean): void {
    if (paused === this.paused) return;
    this.paused = paused;
    this.changed();
    if (paused && this.last !== null) this.options.onFrame?.(this.last, true);
  }

  /** Speed as a multiple of the usual steps a second; 1 at most while a human plays in the policy's stead. */
  setSpeed(wanted: number): void {
    const speed = this.human === null ? wanted : Math.min(1, wanted);
    if (speed === this.speed) return;
    this.speed = speed;
    this.changed();
  }

  /** Begins the next episode at once, also after a failure; a paused match shows its start and stays paused. */
  next(): void {
    this.phase = 'fresh';
    this.pace.hasten(Infinity);
    this.start();
  }

  /**
   * From the present state on, the keys of `who` play in the policy's stead, no faster than usual, until they hand back or
   * the episode ends. False where a human plays already, or nothing is played that one human can.
   */
  take(who: string): boolean {
    const { show, driver, phase } = this;
    if (driver !== 'policy' || phase !== 'playing' || show?.env.players !== 1) return false;
    this.human = who;
    this.hand = new Hand(this.actions[0]);
    this.speed = Math.min(1, this.speed);
    this.changed();
    return true;
  }

  /** The policy goes on from the present state, where `who` has taken over; nothing happens where not. */
  handBack(who: string): void {
    if (this.human !== who) return;
    this.human = null;
    this.changed();
  }

  /**
   * A key went down (its action), or none is down any more (null). Has an effect where keys play, and then at once; where
   * somebody has taken over, only theirs have.
   */
  press(action: number | null, who?: string): void {
    if (this.driver !== 'keys' || this.show === null) return;
    if (this.human !== null && this.human !== who) return;
    if (action !== null && action >= this.show.env.actions.length) return;
    this.hand.press(action);
    if (action === null) return;
    this.pace.hasten(this.interval() / 2);
    if (this.phase === 'ready') {
      this.phase = 'playing';
      this.changed();
    }
    this.start();
  }

  close(): void {
    this.closed = true;
    this.start();
  }

  private get driver(): MatchInfo['driver'] {
    return this.human === null ? (this.source.driver ?? 'policy') : 'keys';
  }

  /** Is it a policy's match that has no policy yet? */
  private isWaiting(): boolean {
    return this.policy === null && (this.source.driver ?? 'policy') === 'policy';
  }

  private state(): MatchInfo['state'] {
    if (this.phase === 'stopped') return 'stopped';
    if (this.show === null || this.isWaiting()) return 'waiting';
    if (this.paused) return 'paused';
    return this.phase === 'ready' ? 'ready' : 'playing';
  }

  private changed(): void {
    this.options.onChange?.();
    this.start();
  }

  private interval(): number {
    return this.stepMs / this.speed;
  }

  private start(): void {
    this.pace.start();
  }

  /** A new episode is begun even while paused, so that its start can be seen. */
  private hasWork(): boolean {
    if (this.closed || this.watchers === 0 || this.phase === 'stopped') return false;
    return this.phase === 'fresh' || (!this.paused && this.phase !== 'ready');
  }

  /** A user's game or net may throw at any step: that ends this match, and no other. */
  private stop(error: unknown): number {
    this.phase = 'stopped';
    this.problem = messageOf(error);
    this.changed();
    return 0;
  }

  /** The next thing to happen; returns the time until the one after it, in ms. */
  private async advance(): Promise<number> {
    if (this.phase === 'fresh') return (await this.begin()) ? this.interval() : RETRY_MS;
    if (this.phase === 'ended' || (await this.isStale())) {
      this.phase = 'fresh';
      return 0;
    }
    return this.step() ? this.interval() * HOLD_STEPS : this.interval();
  }

  /** Begins an episode with the newest weights; false where there are none yet. */
  private async begin(): Promise<boolean> {
    await this.renew();
    if (this.show === null || this.isWaiting()) return false;
    this.show.begin();
    this.policy?.reset();
    this.episode++;
    this.hand.forgetTap();
    this.isHumanStep = this.isHelped = false;
    if (this.human !== null) this.handBack(this.human);
    this.phase = this.driver === 'keys' ? 'ready' : 'playing';
    if (this.phase === 'ready') this.changed();
    this.present(0);
    return true;
  }

  /** One step with the actions chosen before; true where it ended the episode. */
  private step(): boolean {
    const show = this.show!;
    const { env } = show;
    this.isHelped ||= this.isHumanStep;
    this.isHumanStep = this.driver === 'keys';
    if (this.isHumanStep) this.actions.fill(this.hand.action(env.actions));
    env.step(this.actions);
    const ended = show.hasEnded();
    if (ended) this.phase = 'ended';
    this.present(env.rewards[0]);
    return ended;
  }

  /** Shows the state, with the player's choice for it. */
  private present(reward: number): void {
    const { stage } = this.show!;
    const choice = this.phase === 'ended' ? NO_CHOICE : this.choose();
    const trainingStep = this.policy === null ? null : this.trainingStep;
    const { episode, isHumanStep, isHelped } = this;
    const human = isHumanStep ? 'now' : isHelped ? 'before' : undefined;
    const frame = frameOf(this.show!, choice, { frame: this.frame++, episode, trainingStep, reward, human });
    this.last = encodeFrame(frame, stage.board);
    this.options.onFrame?.(this.last, this.paused || this.phase === 'ready');
  }

  /** Where a human has taken over, what the policy would have done is shown without an action, and it remembers the game. */
  private choose(): Choice {
    if (this.source.driver === 'keys') return NO_CHOICE;
    const choice = choose(this.show!, { policy: this.policy, rng: this.rng, mode: 'sampled' }, this.actions);
    return this.human === null ? choice : { ...choice, action: null };
  }

  /** Has the episode lasted long, and are there newer weights? */
  private async isStale(): Promise<boolean> {
    const length = this.show!.env.lengths[0];
    const { patienceSteps = PATIENCE_STEPS } = this.options;
    const isTime = length >= patienceSteps && length % Math.min(RETRY_STEPS, patienceSteps) === 0;
    if (this.human !== null || !isTime) return false;
    return this.renew();
  }

  /** Takes newer weights where there are some. What goes wrong is told and the old ones play on. */
  private async renew(): Promise<boolean> {
    const { source } = this;
    return this.attempt(async () => {
      if (this.show === null) await this.prepare();
      if (!('latest' in source)) return false;
      const weights = await source.latest(this.trainingStep);
      if (weights === null || weights.step <= this.trainingStep) return false;
      const policy = loadPolicy(weights.bytes, `checkpoint ${weights.step} of ${source.label}`);
      this.open(policy.info.env);
      const isFirst = this.policy === null;
      this.policy = policy;
      this.trainingStep = weights.step;
      if (isFirst) this.changed();
      return true;
    });
  }

  /** Opens the game where it is known by now; at once, unless it has to be loaded. */
  private prepare(): void | Promise<void> {
    const { env, load } = this.source;
    const open = (): void => {
      if (env !== undefined) this.open(env);
    };
    if (load === undefined) return open();
    return load().then(() => {
      open();
      this.changed();
    });
  }

  private open(id: string): void {
    const spec = findEnv(id);
    if (this.show?.stage.env === spec.id) return;
    this.show = openShowEnv(spec, this.seed);
    this.actions = new Int32Array(this.show.env.players);
  }

  /** Does what may fail by no fault of ours (a file, a game of another version); tells the problem on the page. */
  private async attempt(action: () => boolean | void | Promise<boolean | void>): Promise<boolean> {
    let problem: string | undefined;
    let result = false;
    try {
      result = (await action()) ?? false;
    } catch (error) {
      problem = messageOf(error);
    }
    if (problem !== this.problem) {
      this.problem = problem;
      this.changed();
    }
    return result;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
