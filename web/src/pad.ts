import type { Named } from '../../src/core/game.ts';
import { h, setText } from './elements.ts';
import { icon, isIcon } from './icons.ts';

/** Keyboard keys by the role of the action they stand for. */
const KEYBOARD: Readonly<Record<string, string>> = {
  ArrowLeft: 'left',
  a: 'left',
  ArrowUp: 'up',
  w: 'up',
  ArrowRight: 'right',
  d: 'right',
  ArrowDown: 'down',
  s: 'down',
  ' ': 'fire',
  Enter: 'fire',
};

/** How long a click without a pointer holds a key: more than a step at the usual speed. */
const CLICK_MS = 120;

/** The action a keyboard key stands for in this game, or null: by role, else the digit of its number. */
export function actionOfKey(key: string, actions: readonly Named[]): number | null {
  const role = KEYBOARD[key.length === 1 ? key.toLowerCase() : key];
  const byRole = actions.findIndex((action) => role !== undefined && action.roles.includes(role));
  if (byRole >= 0) return byRole;
  const digit = /^[1-9]$/.test(key) ? Number(key) - 1 : -1;
  return digit >= 0 && digit < actions.length ? digit : null;
}

/** A game's actions as a gamepad: keys glow by probability, the chosen one is ringed. */
export class Pad {
  readonly element: HTMLElement;
  private readonly keys: HTMLElement[];
  private readonly shares: HTMLElement[];

  /** With `press`, the keys can be pressed and let go. */
  constructor(actions: readonly Named[], press?: (action: number, isDown: boolean) => void) {
    this.shares = actions.map(() => h('span', { class: 'share' }));
    this.keys = actions.map((action, i) => this.key(action, i, press));
    const isPad = actions.every(({ roles }) => isIcon(roles[0]));
    const has = (role: string): boolean => actions.some(({ roles }) => roles[0] === role);
    const isFlat = isPad && !has('up') && !has('down');
    const shape = isPad ? (isFlat ? 'flat' : 'cross') : 'list';
    this.element = h('div', { class: `pad ${shape}`, role: 'group', 'aria-label': 'Actions' }, ...this.keys);
  }

  /** Shows the policy's probabilities (null: it has none) and the chosen action (null: none). */
  show(probabilities: readonly number[] | null, chosen: number | null): void {
    this.keys.forEach((key, i) => {
      const share = probabilities?.[i] ?? 0;
      key.style.setProperty('--share', share.toFixed(2));
      key.classList.toggle('chosen', i === chosen);
      setText(this.shares[i], probabilities === null ? '' : `${Math.round(100 * share)}`);
    });
  }

  private key({ name, roles }: Named, action: number, press?: (action: number, isDown: boolean) => void): HTMLElement {
    // A gamepad has a place for each of the roles with a sign; other actions are keys with their name.
    const place = isIcon(roles[0]) ? roles[0] : null;
    const sign = h('span', { class: 'sign', 'aria-hidden': 'true' }, place === null ? name : icon(place));
    const attributes = { class: `key ${place ?? 'named'}`, title: name };
    if (press === undefined) {
      return h('div', { ...attributes, role: 'img', 'aria-label': name }, sign, this.shares[action]);
    }
    let isHeld = false;
    const key = h('button', { ...attributes, type: 'button', 'aria-label': name }, sign, this.shares[action]);
    key.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      isHeld = true;
      press(action, true);
    });
    // By keyboard it is held as by a finger; a screen reader's click is a short press.
    const isPress = (event: KeyboardEvent): boolean => event.key === ' ' || event.key === 'Enter';
    key.addEventListener('keydown', (event) => {
      if (!isPress(event)) return;
      event.preventDefault();
      if (!event.repeat) press(action, true);
    });
    key.addEventListener('keyup', (event) => {
      if (!isPress(event)) return;
      event.preventDefault();
      event.stopPropagation();
      press(action, false);
    });
    key.addEventListener('click', ({ detail }) => {
      if (detail > 0) return;
      press(action, true);
      setTimeout(() => press(action, false), CLICK_MS);
    });
    // Its keyup goes to whatever has the focus then.
    key.addEventListener('blur', () => press(action, false));
    const letGo = (): void => {
      if (isHeld) press(action, false);
      isHeld = false;
    };
    for (const end of ['pointerup', 'pointercancel', 'pointerleave']) key.addEventListener(end, letGo);
    return key;
  }
}
