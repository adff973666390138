import { h, setText } from '../src/elements.ts';

/** How far a phase is: nothing yet, under way (from 0 to 1), or over. */
export type PhaseState = 'waiting' | 'running' | 'done';

/** One step of the way, in words, with a bar. */
export class Phase {
  readonly element: HTMLElement;
  private readonly words = h('p', { class: 'words' });
  private readonly bar: HTMLProgressElement;

  constructor(title: string) {
    this.bar = h('progress', { max: 1, value: 0, 'aria-label': title });
    this.element = h('li', { class: 'phase' }, h('h2', {}, title), this.words, this.bar);
  }

  show(state: PhaseState, words: string, progress: number): void {
    this.element.dataset['state'] = state;
    setText(this.words, words);
    this.bar.value = progress;
  }
}
