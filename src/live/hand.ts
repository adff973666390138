import type { Named } from '../core/game.ts';

/** The keys of a human, as actions: a tap between two steps counts. */
export class Hand {
  /** The key that is down, one that went down since the last step, and the last that ever did. */
  private held: number | null = null;
  private tapped: number | null = null;
  private pressed: number;

  /** `first`: the action that goes on before any key, in a game where nothing stands for none. */
  constructor(first = 0) {
    this.pressed = first;
  }

  /** A key went down (its action), or none is down any more (null). */
  press(action: number | null): void {
    // A tap that no step has seen yet outlasts the change to a key that was down meanwhile.
    const isUnseen = this.held !== null && this.tapped !== null;
    this.held = action;
    if (action === null) return;
    this.pressed = action;
    if (!isUnseen) this.tapped = action;
  }

  /** An episode begins: a tap before it no longer counts. */
  forgetTap(): void {
    this.tapped = null;
  }

  /** The action of the step that comes; without a key the game's noop, or else the last key goes on. */
  action(actions: readonly Named[]): number {
    const noop = actions.findIndex(({ roles }) => roles[0] === 'noop');
    const action = this.tapped ?? this.held ?? (noop < 0 ? this.pressed : noop);
    this.tapped = null;
    return action;
  }
}
