import { h } from './elements.ts';
import type { KeyRow } from './keys.ts';

/** Opens a dialog that lists these keys. Escape, its button and a click beside it close it; the focus goes back. */
export function openKeyHelp(rows: readonly KeyRow[]): void {
  if (document.querySelector('dialog[open]') !== null) return;
  const close = h('button', { type: 'button', class: 'chip' }, 'Close (Escape)');
  const dialog = h(
    'dialog',
    { class: 'key-help', 'aria-labelledby': 'key-help-title' },
    h('h2', { id: 'key-help-title' }, 'Keys'),
    h('dl', {}, ...rows.map(([keys, does]) => h('div', {}, h('dt', {}, h('kbd', {}, keys)), h('dd', {}, does)))),
    close,
  );
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  // What is behind it hears of no key.
  dialog.addEventListener('keydown', (event) => event.stopPropagation());
  document.body.append(dialog);
  dialog.showModal();
}
