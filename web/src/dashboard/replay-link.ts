import { h } from '../elements.ts';

/** A link to the replay of a run's checkpoint. */
export const replayLink = (id: string, step: number, text: string): HTMLAnchorElement =>
  h('a', { href: `#replay?${new URLSearchParams({ id, step: String(step) })}` }, text);

/** A link to the episodes of several runs side by side, by their checkpoints nearest to a training step. */
export const comparisonLink = (ids: readonly string[], step: number, text: string): HTMLAnchorElement =>
  h('a', { href: `#compare?${new URLSearchParams({ ids: ids.join(), step: String(step) })}` }, text);
