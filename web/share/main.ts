import type { SharedMatch } from '../../src/live/share.ts';
import { byId } from '../src/elements.ts';
import { openKeyHelp } from '../src/key-help.ts';
import { KEYS } from '../src/keys.ts';
import { createCanvasBoards } from '../src/stage/canvas-boards.ts';
import { Player } from './player.ts';
import '../style.css';
import './share.css';

const match = JSON.parse(byId('recordings').textContent) as SharedMatch;
const player = new Player(match, createCanvasBoards());
byId('match').replaceWith(player.element);
document.addEventListener('keydown', (event) => {
  const { target, key, ctrlKey, metaKey, altKey } = event;
  if (ctrlKey || metaKey || altKey) return;
  // What has the focus knows its own keys: a button is pressed, the time bar moves.
  const isOwn =
    (target instanceof HTMLButtonElement && /^( |Enter)$/.test(key)) ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && /^(Arrow|Home|End|Page)/.test(key));
  if (isOwn) return;
  if (key === '?') openKeyHelp(KEYS['shared']);
  else if (!player.keyDown(key)) return;
  event.preventDefault();
});
