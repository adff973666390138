import { Exhibition } from '../../src/live/exhibition.ts';
import type { PolicySource, Weights } from '../../src/live/match-source.ts';
import type { Ask } from '../../src/live/protocol.ts';
import { type MatchSnapshot, MatchView } from '../src/match-view.ts';
import type { Boards } from '../src/stage/stage.ts';

/** Three seconds: what trains in a minute is to be seen as it is now. */
const PATIENCE_STEPS = 36;
/** Nobody else is here to take over. */
const ME = 'this page';

/** A match that is played in this page, by the newest weights that its trainer has told of. */
export class LocalMatch {
  private readonly exhibition: Exhibition;
  private readonly view: MatchView;
  private newest: Weights | null = null;

  constructor(who: Pick<PolicySource, 'id' | 'label' | 'arm' | 'env'>, seed: number, boards: Promise<Boards | null>) {
    const latest = async (after: number) => (this.newest !== null && this.newest.step > after ? this.newest : null);
    const exhibition: Exhibition = new Exhibition(
      { ...who, latest },
      {
        seed,
        patienceSteps: PATIENCE_STEPS,
        onFrame: (text) => this.view.receive(text),
        // Not while it is made: the view begins with what it is then.
        onChange: () => this.view?.update(exhibition.info()),
      },
    );
    this.exhibition = exhibition;
    this.view = new MatchView(
      exhibition.info(),
      (ask) => this.obey(ask),
      boards,
      () => ME,
    );
  }

  get element(): HTMLElement {
    return this.view.element;
  }

  take(weights: Weights): void {
    this.newest = weights;
  }

  /** It plays only while it is seen. */
  setSeen(isSeen: boolean): void {
    this.exhibition.setWatchers(isSeen ? 1 : 0);
  }

  /** A key of the keyboard; true if it meant something here. */
  keyDown(key: string): boolean {
    return this.view.keyDown(key);
  }

  keyUp(key: string): void {
    this.view.keyUp(key);
  }

  /** Lets go of every key: the page no longer hears of them. */
  releaseKeys(): void {
    this.view.releaseKeys();
  }

  snapshot(): MatchSnapshot {
    return this.view.snapshot();
  }

  remove(): void {
    this.exhibition.close();
    this.view.remove();
  }

  private obey(ask: Ask): void {
    if (ask.ask === 'next') this.exhibition.next();
    else if (ask.ask === 'pause') this.exhibition.setPaused(ask.paused);
    else if (ask.ask === 'speed') this.exhibition.setSpeed(ask.speed);
    else if (ask.ask === 'take') this.exhibition.take(ME);
    else if (ask.ask === 'hand-back') this.exhibition.handBack(ME);
    else if (ask.ask === 'press') this.exhibition.press(ask.action, ME);
  }
}
