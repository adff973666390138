import { h } from '../elements.ts';

/** A link to the replay of a run's checkpoint. */
export const replayLink = (id: string, step: number, text: string): HTMLAnchorElement =>
  h('a', { href: `#replay?${new URLSearchParams({ id, step: String(step) })}` }, text);
