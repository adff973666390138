/** A key, or several that belong together, and what it does. */
export type KeyRow = readonly [keys: string, does: string];

const PLAYBACK: readonly KeyRow[] = [
  ['P, space', 'pause and go on'],
  ['← →', 'step back and forward'],
  ['[ ]', 'slower and faster'],
  ['Home End', 'to the first and the last frame'],
];
const MATCH: readonly KeyRow[] = [
  ...PLAYBACK,
  ['L', 'back to what is live'],
  ['N', 'next episode, for everybody'],
  ['+ -', 'speed of the match, for everybody'],
  ['V', 'what the agent sees'],
  ['T', 'take over from the agent, and hand back'],
  ['arrows, WASD, space, 1–9', 'play, where the match is yours'],
];
const EVERYWHERE: readonly KeyRow[] = [
  ['Tab, Enter', 'from control to control; press'],
  ['?', 'these keys'],
];
const BOARDS: readonly KeyRow[] = [['R', 'read out the board'], ...EVERYWHERE];

/** The keys of each view, as the dialog of `?` and `docs/viewer.md` list them; `shared` is a shared file. */
export const KEYS: Readonly<Record<string, readonly KeyRow[]>> = {
  live: [...MATCH, ...BOARDS],
  lobby: [['/', 'search'], ['arrows', 'from card to card'], ['Enter', 'open'], ...BOARDS],
  replay: [
    ...PLAYBACK,
    ['L', 'round and round'],
    ['N', 'another episode'],
    ['M', 'its mind'],
    ['S', 'what it looks at'],
    ['V', 'what it sees'],
    ...BOARDS,
  ],
  compare: [
    ...PLAYBACK,
    ['L', 'round and round'],
    ['D', 'to the first different action'],
    [', .', 'an earlier, a later checkpoint'],
    ['N', 'other luck for all'],
    ['M', 'their minds'],
    ['S', 'what they look at'],
    ['V', 'what they see'],
    ...BOARDS,
  ],
  play: [
    ['arrows, WASD, space, 1–9', 'play'],
    ['P', 'pause and go on'],
    ['N', 'the next pair of episodes'],
    ['V', 'what the game shows to agents'],
    ...BOARDS,
  ],
  dashboard: [['arrows', 'from cell to cell of the matrix'], ...EVERYWHERE],
  shared: [...PLAYBACK, ['L', 'round and round'], ...BOARDS],
};
