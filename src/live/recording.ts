import { createRng } from '../core/rng.ts';
import { findEnv } from '../envs/index.ts';
import { loadPolicy, type Policy } from '../play.ts';
import { type Choice, choose, frameOf, NO_CHOICE, type PlayMode } from './player.ts';
import { encodeFrame, type Stage } from './protocol.ts';
import { openShowEnv, type ShowEnv } from './show-env.ts';
import { turns } from './turns.ts';

export interface RecordingOptions {
  /** Of the environment's luck and of the uniforms behind sampled actions: the same for agents who are compared. */
  readonly seed: number;
  readonly mode: PlayMode;
  /** The episode is cut off after this many steps. */
  readonly maxSteps: number;
}

/** One episode of a policy, whole: for replays, comparisons and files. Plain data. */
export interface Recording extends RecordingOptions {
  readonly stage: Stage;
  /** Training steps behind the weights. */
  readonly trainingStep: number;
  readonly episodeReturn: number;
  /** Steps of the episode; there is one frame more. */
  readonly length: number;
  /** Each as `encodeFrame` gives it; frame `i` shows the state after `i` steps. */
  readonly frames: readonly string[];
}

/** An episode is played in turns of about this long. */
const TURN_MS = 10;

/** One moment of an episode: what the policy makes of the state that is on show. */
export interface Moment {
  readonly step: number;
  readonly show: ShowEnv;
  /** Nothing where the episode has ended. */
  readonly choice: Choice;
}

/** Plays an episode from its start, and lets others work in between. Whoever looks at a moment must do so at once. */
export async function* playEpisode(
  policy: Policy,
  { seed, mode, maxSteps }: RecordingOptions,
): AsyncGenerator<Moment, void> {
  const show = openShowEnv(findEnv(policy.info.env), seed);
  const { env } = show;
  const player = { policy, rng: createRng(seed, 'exhibition', 'actions'), mode };
  const actions = new Int32Array(env.players);
  const turn = turns(TURN_MS);
  show.begin();
  policy.reset();
  for (let step = 0; ; step++) {
    const isOver = show.hasEnded();
    yield { step, show, choice: isOver ? NO_CHOICE : choose(show, player, actions) };
    if (isOver || step >= maxSteps) return;
    env.step(actions);
    await turn();
  }
}

/**
 * Records an episode from its start. The same bytes and options always give the same recording, also in the browser.
 * @throws UserError where the bytes are no policy checkpoint of a game that is known
 */
export async function recordEpisode(bytes: Uint8Array, name: string, options: RecordingOptions): Promise<Recording> {
  const policy = loadPolicy(bytes, name);
  const trainingStep = policy.info.step;
  const { stage } = openShowEnv(findEnv(policy.info.env), options.seed);
  const frames: string[] = [];
  let episodeReturn = 0;
  for await (const { step, show, choice } of playEpisode(policy, options)) {
    const reward = step === 0 ? 0 : show.env.rewards[0];
    const frame = frameOf(show, choice, { frame: step, episode: 0, trainingStep, reward });
    frames.push(encodeFrame(frame, stage.board));
    episodeReturn = frame.episodeReturn;
  }
  return { ...options, stage, trainingStep, episodeReturn, length: frames.length - 1, frames };
}
