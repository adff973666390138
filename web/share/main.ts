import type { SharedMatch } from '../../src/live/share.ts';
import { byId } from '../src/elements.ts';
import { drawAtlas } from '../src/stage/atlas.ts';
import { sprites } from '../src/stage/art/index.ts';
import { Paint } from '../src/stage/canvas-scene.ts';
import { textureScale } from '../src/stage/scale.ts';
import { Player } from './player.ts';
import '../style.css';
import './share.css';

const match = JSON.parse(byId('recordings').textContent) as SharedMatch;
const player = new Player(match, new Paint(drawAtlas(sprites, textureScale())));
byId('match').replaceWith(player.element);
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { target, key } = event;
  const isPressing = target instanceof HTMLButtonElement && /^( |Enter)$/.test(key);
  if (!isPressing && player.keyDown(key)) event.preventDefault();
});
