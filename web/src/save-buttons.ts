import './save-buttons.css';
import type { Recording } from '../../src/live/recording.ts';
import type { SharedLane } from '../../src/live/share.ts';
import { download } from './download.ts';
import { h, setText } from './elements.ts';
import type { Page } from './views/view.ts';

/** Whose episode is saved; with several, side by side. */
export interface SavedLane {
  readonly id: string;
  /** The checkpoint; left out: the newest. */
  readonly step?: number;
  readonly label: string;
  readonly arm?: string;
}

/** Which episode, as `/api/recording` takes it. */
export interface SavedEpisode {
  readonly seed?: number;
  readonly mode?: 'sampled' | 'greedy';
  readonly maxSteps?: number;
}

/**
 * "Save as a file" and "Save as GIF", for views that show episodes; `what` is asked when one of them is pressed.
 * What takes a while or fails is said beside them.
 */
export function saveButtons(
  page: Page,
  what: () => { readonly lanes: readonly SavedLane[]; readonly episode: SavedEpisode },
): HTMLElement {
  const status = h('span', { class: 'save-status', role: 'status' });
  const button = (text: string, save: () => Promise<void>): HTMLButtonElement => {
    const element = h('button', { type: 'button', class: 'chip' }, text);
    element.addEventListener('click', async () => {
      element.disabled = true;
      setText(status, 'Playing the episode…');
      await save().then(
        () => setText(status, 'Saved.'),
        (error: Error) => setText(status, `This could not be saved: ${error.message}`),
      );
      element.disabled = false;
    });
    return element;
  };
  const saveFile = async (): Promise<void> => {
    const { lanes, episode } = what();
    const asked = JSON.stringify(lanes.map(({ id, step }) => ({ id, step })));
    download('match.html', 'text/html', await page.text('share', { lanes: asked, ...episode }));
  };
  const saveGif = async (): Promise<void> => {
    const { lanes, episode } = what();
    const recorded = await Promise.all(
      lanes.map(async ({ id, step, label, arm }): Promise<SharedLane> => {
        return { label, arm, recording: await page.get<Recording>('recording', { id, step, ...episode }) };
      }),
    );
    const { gifOf } = await import('./gif.ts');
    const bytes = await gifOf(recorded, (share) => setText(status, `Drawing, ${Math.round(100 * share)} %`));
    download('match.gif', 'image/gif', bytes);
  };
  return h(
    'div',
    { class: 'save', role: 'group', 'aria-label': 'Save this match' },
    button('Save as a file', saveFile),
    button('Save as GIF', saveGif),
    status,
  );
}
