import { UserError } from '../core/errors.ts';
import { createRng } from '../core/rng.ts';
import { findEnv } from '../envs/index.ts';
import { loadPolicy, type Policy } from '../play.ts';
import { Hand } from './hand.ts';
import { Pace } from './pace.ts';
import { choose, frameOf, NO_CHOICE, type Player } from './player.ts';
import { DUEL, encodeFrame, type Frame, type MatchInfo, STEPS_PER_SECOND } from './protocol.ts';
import { openShowEnv, type ShowEnv } from './show-env.ts';

export interface DuelOptions {
  /** Of the environment's luck on both boards, and of the policy's sampled actions. */
  readonly seed: number;
  /** Steps a second at speed 1. */
  readonly stepsPerSecond?: number;
  /** Is handed every frame of either match as it travels. */
  readonly onFrame: (match: string, text: string) => void;
  /** Is called when what `infos` says has changed. */
  readonly onChange: () => void;
}

/** How long the end of both episodes stays on show, in steps. */
const HOLD_STEPS = 18;

/** `ready`: the next pair of episodes waits for a key. */
type Phase = 'fresh' | 'ready' | 'playing' | 'ended' | 'stopped';

/** One of the two boards. */
interface Side {
  readonly id: string;
  readonly show: ShowEnv;
  readonly actions: Int32Array;
  last: string | null;
}

const hasEnded = ({ show }: Side): boolean => show.hasEnded();

/**
 * A human against a policy: two boards with the same luck, stepped as one. Each goes on to its own end; then the next
 * pair of episodes waits for the human's first key. Its first episode is the policy's recording of the same seed.
 */
export class Duel {
  private readonly label: string;
  private readonly options: DuelOptions;
  private readonly policy: Policy;
  private readonly player: Player;
  private readonly you: Side;
  private readonly agent: Side;
  private readonly hand = new Hand();
  private readonly pace = new Pace({
    hasWork: () => this.hasWork(),
    advance: async () => this.advance(),
    fail: (error) => this.stop(error),
  });
  private phase: Phase = 'fresh';
  private problem: string | undefined;
  private isWatched = false;
  private isPaused = false;
  private isClosed = false;
  private speed = 1;
  private frame = 0;
  private episode = -1;

  /** @throws UserError where the bytes are no policy checkpoint, or its game has more than one player */
  constructor(bytes: Uint8Array, label: string, options: DuelOptions) {
    this.label = label;
    this.options = options;
    this.policy = loadPolicy(bytes, label);
    const spec = findEnv(this.policy.info.env);
    if (spec.game.players !== 1) throw new UserError(`${spec.id} is not a game of one player`);
    this.player = { policy: this.policy, rng: createRng(options.seed, 'exhibition', 'actions'), mode: 'sampled' };
    const side = (id: string): Side => ({
      id,
      show: openShowEnv(spec, options.seed),
      actions: new Int32Array(1),
      last: null,
    });
    [this.you, this.agent] = [side(DUEL.you), side(DUEL.agent)];
  }

  /** Both matches as a page lists them, the human's first. */
  infos(): [MatchInfo, MatchInfo] {
    const { phase, isPaused, speed, problem } = this;
    const state =
      phase === 'stopped' ? 'stopped' : isPaused ? 'paused' : phase === 'ready' ? 'ready' : ('playing' as const);
    const { stage } = this.you.show;
    const both = { speed, stage, problem };
    return [
      { ...both, id: DUEL.you, label: 'You', driver: 'keys', state },
      { ...both, id: DUEL.agent, label: this.label, driver: 'policy', state: state === 'ready' ? 'playing' : state },
    ];
  }

  /** It stands still while nobody watches, and goes on from there; who comes is shown where it stands. */
  setWatched(isWatched: boolean): void {
    this.isWatched = isWatched;
    if (isWatched) for (const { id, last } of [this.you, this.agent]) if (last !== null) this.options.onFrame(id, last);
    this.pace.start();
  }

  setPaused(isPaused: boolean): void {
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    this.changed();
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.changed();
  }

  /** The next pair of episodes, at once. */
  next(): void {
    this.phase = 'fresh';
    this.pace.hasten(Infinity);
    this.changed();
  }

  /** A key went down (its action), or none is down any more (null). The first of an episode begins it. */
  press(action: number | null): void {
    if (action !== null && action >= this.you.show.env.actions.length) return;
    this.hand.press(action);
    if (action === null || this.phase !== 'ready') return;
    this.phase = 'playing';
    this.changed();
  }

  close(): void {
    this.isClosed = true;
    this.pace.start();
  }

  private hasWork(): boolean {
    const { phase } = this;
    if (this.isClosed || !this.isWatched || phase === 'stopped') return false;
    return phase === 'fresh' || (!this.isPaused && phase !== 'ready');
  }

  private changed(): void {
    this.options.onChange();
    this.pace.start();
  }

  /** A user's game or net may throw at any step. */
  private stop(error: unknown): number {
    this.phase = 'stopped';
    this.problem = error instanceof Error ? error.message : String(error);
    this.changed();
    return 0;
  }

  /** The next thing to happen; returns the time until the one after it, in ms. */
  private advance(): number {
    const stepMs = 1000 / (this.options.stepsPerSecond ?? STEPS_PER_SECOND) / this.speed;
    const sides = [this.you, this.agent];
    if (this.phase === 'fresh' || this.phase === 'ended') {
      sides.forEach(({ show }) => show.begin());
      this.policy.reset();
      this.hand.forgetTap();
      this.episode++;
      this.phase = 'ready';
      this.options.onChange();
    } else {
      this.you.actions[0] = this.hand.action(this.you.show.env.actions);
      // A board whose episode has ended is left as it is.
      const playing = sides.filter((side) => !hasEnded(side));
      playing.forEach(({ show, actions }) => show.env.step(actions));
      if (sides.every(hasEnded)) this.phase = 'ended';
      playing.forEach((side) => this.present(side));
      this.frame++;
      return this.phase === 'ended' ? HOLD_STEPS * stepMs : stepMs;
    }
    sides.forEach((side) => this.present(side));
    this.frame++;
    return stepMs;
  }

  /** Shows a board's state; the agent's with what the policy makes of it. */
  private present(side: Side): void {
    const { show, id } = side;
    const { frame, episode, policy } = this;
    const isAgent = side === this.agent;
    const choice = isAgent && !hasEnded(side) ? choose(show, this.player, side.actions) : NO_CHOICE;
    const isStart = show.env.lengths[0] === 0;
    const at: Parameters<typeof frameOf>[2] = {
      frame,
      episode,
      trainingStep: isAgent ? policy.info.step : null,
      reward: isStart ? 0 : show.env.rewards[0],
      ...(!isAgent && !isStart && { human: 'now' as Frame['human'] }),
    };
    side.last = encodeFrame(frameOf(show, choice, at), show.stage.board);
    this.options.onFrame(id, side.last);
  }
}
