import type { SharedMatch } from '../../src/live/share.ts';
import { byId } from '../src/elements.ts';
import { onKeys } from '../src/key-events.ts';
import { openKeyHelp } from '../src/key-help.ts';
import { KEYS } from '../src/keys.ts';
import { createCanvasBoards } from '../src/stage/canvas-boards.ts';
import { Player } from './player.ts';
import '../style.css';
import './share.css';

const match = JSON.parse(byId('recordings').textContent) as SharedMatch;
const player = new Player(match, createCanvasBoards());
byId('match').replaceWith(player.element);
onKeys(
  () => openKeyHelp(KEYS['shared']),
  (key) => player.keyDown(key),
);
