import { describe, expect, test } from 'vitest';
import type { Board, Frame, Picture, Stage } from '../../src/live/protocol.ts';
import { describeFrame } from '../../web/src/board-words.ts';

const actions = [
  { name: 'left', roles: ['left'] },
  { name: 'stay', roles: ['noop'] },
];
const frame = (picture: Picture, rest: Partial<Frame> = {}): Frame => ({
  frame: 7,
  episode: 2,
  step: 7,
  trainingStep: null,
  action: 0,
  reward: 0,
  episodeReturn: 1.5,
  terminated: false,
  truncated: false,
  value: null,
  probabilities: null,
  picture,
  ...rest,
});
const stage = (board: Board): Stage => ({ game: 'any', env: 'any', board, actions });

const board: Board = {
  kind: 'planes',
  height: 3,
  width: 4,
  channels: [
    { name: 'wall', roles: ['wall'] },
    { name: 'car', roles: ['threat'] },
    { name: 'paddle', roles: ['self'] },
    { name: 'egg', roles: ['pickup'] },
  ],
};

/** A picture from rows of letters: w, c, p and e for the four channels. */
function cellsOf(...rows: readonly string[]): Picture {
  const cells = new Uint8Array(rows.length * rows[0].length * 4);
  [...rows.join('')].forEach((letter, cell) => {
    const channel = 'wcpe'.indexOf(letter);
    if (channel >= 0) cells[cell * 4 + channel] = 1;
  });
  return { kind: 'planes', cells };
}

describe('a board in words', () => {
  test('says where what is, the player first, the walls last, neighbours in one', () => {
    expect(describeFrame(stage(board), frame(cellsOf('wwww', 'c..c', '.pp.')))).toBe(
      'Episode 3, step 7, return 1.5. Next action: left. 3 rows, 4 columns. paddle (self): row 3, columns 2 to 3. ' +
        'car (threat): row 2, column 1; row 2, column 4. wall: row 1, columns 1 to 4.',
    );
  });

  test('counts what is too much to name', () => {
    const words = describeFrame(stage(board), frame(cellsOf('c.c.', 'c.c.', 'c.cc')));
    expect(words).toContain('row 3, columns 3 to 4.');
    const many = cellsOf('c.c.', 'c.c.', 'c.c.', 'c.c.', 'c.cc');
    expect(describeFrame(stage({ ...board, height: 5 }), frame(many))).toMatch(
      /row 4, column 1; row 4, column 3; and 3 more cells\.$/,
    );
  });

  test('says that nothing is there, and that it is over', () => {
    const over = frame(cellsOf('....', '....', '....'), { terminated: true, action: null });
    expect(describeFrame(stage(board), over)).toBe(
      'Episode 3, step 7, return 1.5. It is over. 3 rows, 4 columns. Nothing is on the board.',
    );
  });

  test('names features with their values, else shapes with their places', () => {
    const features = [
      { name: 'position', roles: ['position'], scale: 1 },
      { name: 'velocity', roles: ['velocity'], scale: 1 },
    ];
    const shapes = [{ kind: 'disc', role: 'self', x: 0.25, y: 0.5, radius: 0.1 }] as const;
    const picture: Picture = { kind: 'shapes', shapes, features: [0.123, -2] };
    expect(describeFrame(stage({ kind: 'shapes', features }), frame(picture, { action: null }))).toBe(
      'Episode 3, step 7, return 1.5. position 0.12, velocity -2.',
    );
    expect(describeFrame(stage({ kind: 'shapes' }), frame({ kind: 'shapes', shapes }, { action: null }))).toBe(
      'Episode 3, step 7, return 1.5. self, disc: 25 % from the left, 50 % from the top.',
    );
  });
});
