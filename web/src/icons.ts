import { svg } from './elements.ts';

/** Drawn, so that no font has to have them: 16 x 16. */
const PATHS = {
  play: 'M4 2.5v11l9.5-5.5z',
  pause: 'M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z',
  next: 'M2 2.5v11L8.5 8zM8.5 2.5v11L15 8z',
  forward: 'M3 2.5v11l7.5-5.5zM11 2.5h2.4v11H11z',
  back: 'M13 2.5v11L5.5 8zM2.6 2.5H5v11H2.6z',
  loop: 'M3 4.2h7.5V2L14 5.2l-3.5 3.2V6.2H5v2H3zM13 11.8H5.5V14L2 10.8l3.5-3.2v2.2H11v-2h2z',
  close: 'M3.6 2.2L8 6.6l4.4-4.4 1.4 1.4L9.4 8l4.4 4.4-1.4 1.4L8 9.4l-4.4 4.4-1.4-1.4L6.6 8 2.2 3.6z',
  planes: 'M2 2h5.2v5.2H2zM8.8 2H14v5.2H8.8zM2 8.8h5.2V14H2zM8.8 8.8H14V14H8.8z',
  slower: 'M3 6.9h10v2.2H3z',
  faster: 'M6.9 3h2.2v3.9H13v2.2H9.1V13H6.9V9.1H3V6.9h3.9z',
  up: 'M8 3l5.5 9h-11z',
  down: 'M8 13L2.5 4h11z',
  left: 'M3 8l9-5.5v11z',
  right: 'M13 8L4 2.5v11z',
  noop: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 1 1 0-5.6z',
  /** A hand on a stick. */
  human: 'M8 1.2a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 1 1 0-5.2zM7.1 6h1.8v4H13a1 1 0 0 1 1 1v3.6H2V11a1 1 0 0 1 1-1h4.1z',
  fire: 'M8 1l1.7 5.3L15 8l-5.3 1.7L8 15l-1.7-5.3L1 8l5.3-1.7z',
} as const;

export type IconName = keyof typeof PATHS;

export const isIcon = (name: string): name is IconName => Object.hasOwn(PATHS, name);

export const icon = (name: IconName): SVGElement =>
  svg('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: PATHS[name] }));
