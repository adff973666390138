/** A key by its name; a letter is the same one under Caps Lock. */
export const keyOf = ({ key }: KeyboardEvent): string => (key.length === 1 ? key.toLowerCase() : key);

/** Has what has the focus a use of its own for this key? A button is pressed, a slider moves, a field is written in. */
export function isOwnKey({ target, key }: KeyboardEvent): boolean {
  if (target instanceof HTMLInputElement && target.type === 'range') return /^(Arrow|Home|End|Page)/.test(key);
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLElement && target.closest('a, button, summary') !== null && /^( |Enter)$/.test(key);
}
