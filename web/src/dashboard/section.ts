import { download } from '../download.ts';
import { h } from '../elements.ts';

/** What of a section can be saved: the text of a file, or null where there is nothing yet. */
export interface Exports {
  /** Of the file, without its ending. */
  readonly name: string;
  svg?(): string | null;
  csv?(): string | null;
}

const TYPES = { svg: 'image/svg+xml', csv: 'text/csv' } as const;

/** A part of the dashboard with a title, its controls and keys to save it. */
export function section(
  title: string,
  controls: readonly HTMLElement[],
  exports: Exports | null,
  ...content: Node[]
): HTMLElement {
  const key = (kind: 'svg' | 'csv'): HTMLElement[] => {
    const make = exports?.[kind];
    if (exports === null || make === undefined) return [];
    const about = kind === 'svg' ? 'Save the picture' : 'Save the numbers';
    const button = h('button', { type: 'button', class: 'chip', title: `${about} of “${title}”` }, kind.toUpperCase());
    button.addEventListener('click', () => {
      const text = make();
      if (text !== null) download(`${exports.name}.${kind}`, TYPES[kind], text);
    });
    return [button];
  };
  const heading = h('h2', {}, title);
  return h(
    'section',
    { class: 'board-section', 'aria-label': title },
    h('header', {}, heading, ...controls, h('span', { class: 'exports' }, ...key('svg'), ...key('csv'))),
    ...content,
  );
}
