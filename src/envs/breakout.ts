import * as z from 'zod';
import { defineGame } from '../core/game.ts';
import { CELLS, LEFT, MINATAR_MAX_STEPS, MINATAR_STICKY, RIGHT, SIX_ACTIONS, SIZE } from './minatar.ts';

/*
 * Breakout. A ball crosses the board diagonally, one cell a step, and bounces off the side walls, the ceiling, the
 * bricks and the paddle on the bottom row. A broken brick gives 1; missing the ball ends the episode. The wall is built
 * anew when the ball comes down after the last brick.
 *
 * A step moves the paddle first, then the ball. A side wall turns the ball sideways whatever else it meets. Then the
 * first that applies: the ceiling turns it down; a brick turns it back in its row and breaks, unless the step before
 * also met a brick (then the ball passes over it: no two bricks in consecutive steps); on row 9 the paddle turns it
 * upwards if it is below the cell the ball comes from, or right back if it is below the cell the ball goes to.
 */

const variants = z.object({
  paddleWidth: z.int().min(1).max(5).default(1).describe('cells of the paddle; wider is easier'),
  paddleSpeed: z.int().min(1).max(3).default(1).describe('cells the paddle moves in a step'),
  brickRows: z.int().min(1).max(5).default(3).describe('rows of bricks, from row 1 down'),
  ballPeriod: z.int().min(1).max(4).default(1).describe('the ball moves in every n-th step; slower is easier'),
});

interface State {
  readonly variant: z.output<typeof variants>;
  /** Leftmost column of the paddle. */
  paddle: number;
  ballX: number;
  ballY: number;
  /** Where the ball was before it last moved. */
  trailX: number;
  trailY: number;
  dx: number;
  dy: number;
  /** Steps before the ball moves again. */
  wait: number;
  /** Did the ball meet a brick when it last moved? */
  contact: boolean;
  /** The wall as it is seen, `[row][column][channel]`: 1 in the brick channel where a brick is. */
  readonly wall: Uint8Array;
  bricksLeft: number;
}

const CHANNELS = 4;
const PADDLE = 0;
const BALL = 1;
const TRAIL = 2;
const BRICK = 3;
const BOTTOM = SIZE - 1;

export const breakout = defineGame<State, typeof variants>({
  id: 'breakout',
  revision: 1,
  summary: 'Keep a ball in play with a paddle and break the wall of bricks.',
  players: 1,
  variants,
  actions: SIX_ACTIONS,
  minimalActions: ['noop', 'left', 'right'],
  sticky: MINATAR_STICKY,
  maxSteps: MINATAR_MAX_STEPS,

  observation: () => ({
    kind: 'planes',
    height: SIZE,
    width: SIZE,
    channels: [
      { name: 'paddle', roles: ['self'] },
      { name: 'ball', roles: ['ball'] },
      { name: 'trail', roles: ['trail', 'ball'] },
      { name: 'brick', roles: ['target', 'wall'] },
    ],
  }),

  create: (variant) => ({
    variant,
    paddle: 0,
    ballX: 0,
    ballY: 0,
    trailX: 0,
    trailY: 0,
    dx: 1,
    dy: 1,
    wait: 0,
    contact: false,
    wall: new Uint8Array(CELLS * CHANNELS),
    bricksLeft: 0,
  }),

  reset(state, rng) {
    const fromLeft = rng.int(0, 2) === 0;
    state.ballX = state.trailX = fromLeft ? 0 : SIZE - 1;
    state.ballY = state.trailY = Math.max(3, state.variant.brickRows);
    state.dx = fromLeft ? 1 : -1;
    state.dy = 1;
    state.paddle = (SIZE - state.variant.paddleWidth) >> 1;
    state.wait = state.variant.ballPeriod - 1;
    state.contact = false;
    state.wall.fill(0);
    buildWall(state);
  },

  step(state, actions, _rng, rewards) {
    rewards[0] = 0;
    const { paddleWidth, paddleSpeed, ballPeriod } = state.variant;
    if (actions[0] === LEFT) state.paddle = Math.max(0, state.paddle - paddleSpeed);
    else if (actions[0] === RIGHT) state.paddle = Math.min(SIZE - paddleWidth, state.paddle + paddleSpeed);
    if (state.wait > 0) {
      state.wait--;
      return false;
    }
    state.wait = ballPeriod - 1;
    return moveBall(state, rewards);
  },

  observe(state, _player, out, offset) {
    out.set(state.wall, offset);
    for (let i = 0; i < state.variant.paddleWidth; i++) out[offset + cell(state.paddle + i, BOTTOM) + PADDLE] = 1;
    out[offset + cell(state.ballX, state.ballY) + BALL] = 1;
    out[offset + cell(state.trailX, state.trailY) + TRAIL] = 1;
  },
});

const cell = (x: number, y: number): number => (y * SIZE + x) * CHANNELS;

function buildWall(state: State): void {
  state.bricksLeft = state.variant.brickRows * SIZE;
  for (let i = 0; i < state.bricksLeft; i++) state.wall[cell(i, 1) + BRICK] = 1;
}

/** Moves the ball one cell; true when it is missed. */
function moveBall(state: State, rewards: Float32Array): boolean {
  const { wall, ballX, ballY } = state;
  let x = ballX + state.dx;
  let y = ballY + state.dy;
  let contact = false;
  let missed = false;
  if (x < 0 || x >= SIZE) {
    x = ballX;
    state.dx = -state.dx;
  }
  if (y < 0) {
    y = 0;
    state.dy = -state.dy;
  } else if (wall[cell(x, y) + BRICK] === 1) {
    contact = true;
    if (!state.contact) {
      rewards[0] = 1;
      wall[cell(x, y) + BRICK] = 0;
      state.bricksLeft--;
      y = ballY;
      state.dy = -state.dy;
    }
  } else if (y === BOTTOM) {
    if (state.bricksLeft === 0) buildWall(state);
    if (onPaddle(state, ballX)) {
      y = ballY;
      state.dy = -state.dy;
    } else if (onPaddle(state, x)) {
      y = ballY;
      state.dx = -state.dx;
      state.dy = -state.dy;
    } else {
      missed = true;
    }
  }
  state.contact = contact;
  state.trailX = ballX;
  state.trailY = ballY;
  state.ballX = x;
  state.ballY = y;
  return missed;
}

const onPaddle = (state: State, x: number): boolean =>
  x >= state.paddle && x < state.paddle + state.variant.paddleWidth;
