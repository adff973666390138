/** A key that is down, of the keyboard or of the pad, and what it stands for. */
export interface HeldKey {
  readonly key: string;
  readonly action: number;
}

/** With this key down, too, as the newest; one that is down already keeps its place. */
export const keyPressed = (held: readonly HeldKey[], key: string, action: number): readonly HeldKey[] =>
  held.some((each) => each.key === key) ? held : [...held, { key, action }];

/** Without this key. */
export const keyReleased = (held: readonly HeldKey[], key: string): readonly HeldKey[] =>
  held.filter((each) => each.key !== key);

/** What they come to: the newest key's action, or null where none is down. */
export const actionHeld = (held: readonly HeldKey[]): number | null => held.at(-1)?.action ?? null;
