/** A key by its name; a letter is the same one under Caps Lock. */
const keyOf = ({ key }: KeyboardEvent): string => (key.length === 1 ? key.toLowerCase() : key);

/** Has what has the focus a use of its own for this key? A button is pressed, a slider moves, a field is written in. */
function isOwnKey({ target, key }: KeyboardEvent): boolean {
  if (target instanceof HTMLInputElement && target.type === 'range') return /^(Arrow|Home|End|Page)/.test(key);
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLElement && target.closest('a, button, summary') !== null && /^( |Enter)$/.test(key);
}

/** Hears the page's keys that nothing else has a use for. `press` says whether it took the key; `?` is for `help`. */
export function onKeys(
  help: () => void,
  press: (key: string) => boolean | undefined,
  release: (key: string) => void = () => {},
): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isOwnKey(event)) return;
    const key = keyOf(event);
    if (key === '?') help();
    else if (!press(key)) return;
    event.preventDefault();
  });
  document.addEventListener('keyup', (event) => release(keyOf(event)));
}
