/** Draws a part of the page anew; what has the focus in it, by its `data-focus`, has it again, and nothing scrolls. */
export function keepFocus(part: HTMLElement, draw: () => void): void {
  const { activeElement } = document;
  const focused = part.contains(activeElement) ? activeElement!.getAttribute('data-focus') : null;
  draw();
  if (focused === null) return;
  part.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
