import type { SharedMatch } from '../../src/live/share.ts';
import { byId } from '../src/elements.ts';
import { isOwnKey, keyOf } from '../src/key-events.ts';
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
  if (event.ctrlKey || event.metaKey || event.altKey || isOwnKey(event)) return;
  const key = keyOf(event);
  if (key === '?') openKeyHelp(KEYS['shared']);
  else if (!player.keyDown(key)) return;
  event.preventDefault();
});
