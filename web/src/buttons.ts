import { h } from './elements.ts';
import { icon, type IconName } from './icons.ts';

/** A button with a drawn sign; its title, which names its key, is also its label. */
export function iconButton(sign: IconName, act: () => void, title: string): HTMLButtonElement {
  const element = h('button', { type: 'button' });
  labelButton(element, sign, title);
  element.addEventListener('click', act);
  return element;
}

/** Gives a button another sign and title, where it has not got them already. */
export function labelButton(element: HTMLButtonElement, sign: IconName, title: string): void {
  if (element.title === title) return;
  element.replaceChildren(icon(sign));
  element.setAttribute('aria-label', title);
  element.title = title;
}
