// The game of my-game.ts as a Phaser scene. Its trained policy flies the bat; holding an arrow key takes over.
import { createRng } from 'ngplus';
import { loadPolicy } from 'ngplus/play';
import * as Phaser from 'phaser';
import game from '../my-game.ts';

const STEPS_PER_SECOND = 12;
const CELL = 48;
const variant = game.variants.parse({});

function preload(this: Phaser.Scene): void {
  this.load.binary('policy', 'policy.safetensors');
}

function create(this: Phaser.Scene): void {
  const policy = loadPolicy(this.cache.binary.get('policy') as ArrayBuffer);
  const rng = createRng(Date.now());
  const state = game.create(variant);
  const obs = new Uint8Array(12 * 10 * 3);
  const reward = new Float32Array(1);
  let gems = 0;
  game.reset(state, rng);

  const pen = this.add.graphics();
  const text = this.add.text(12, 8, '', { fontSize: '28px' });
  const keys = this.input.keyboard!.createCursorKeys();

  const step = (): void => {
    game.observe(state, 0, obs, 0);
    draw(pen, obs);
    text.setText(`${gems} gems`);
    const key = keys.up.isDown ? 1 : keys.down.isDown ? 2 : undefined;
    const ended = game.step(state, [key ?? policy.act(obs)], rng, reward);
    gems = ended ? 0 : gems + reward[0];
    if (ended) game.reset(state, rng);
  };
  this.time.addEvent({ delay: 1000 / STEPS_PER_SECOND, loop: true, callback: step });
}

/** Draws what the policy sees: planes `[row, column, (bat, rock, gem)]`. */
function draw(pen: Phaser.GameObjects.Graphics, obs: Uint8Array): void {
  pen.clear();
  for (let cell = 0; cell < 12 * 10; cell++) {
    const [x, y] = [(cell % 12) * CELL, Math.floor(cell / 12) * CELL];
    const [bat, rock, gem] = obs.subarray(3 * cell, 3 * cell + 3);
    if (rock) pen.fillStyle(0x4a4063).fillRect(x, y, CELL, CELL);
    if (gem) pen.fillStyle(0x5ad1c9).fillCircle(x + CELL / 2, y + CELL / 2, CELL / 4);
    if (bat) pen.fillStyle(0xf2c14e).fillTriangle(x, y + 8, x, y + CELL - 8, x + CELL, y + CELL / 2);
  }
}

export default new Phaser.Game({
  width: 12 * CELL,
  height: 10 * CELL,
  backgroundColor: '#14121f',
  scale: { mode: Phaser.Scale.FIT, autoCenter: Phaser.Scale.CENTER_BOTH },
  audio: { noAudio: true },
  scene: { preload, create },
});
