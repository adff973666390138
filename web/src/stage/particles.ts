import type { Burst } from './art.ts';
import { frameName, MARGIN } from './atlas.ts';
import { CELL } from './ink.ts';
import type { Image, Scenery } from './scenery.ts';

/** At most this many at once on the whole page. */
const LIMIT = 200;
const LIFE_MS = 620;
const LAYER = 20;
let alive = 0;

interface Particle {
  readonly image: Image;
  readonly burst: Burst;
  readonly speedX: number;
  speedY: number;
  readonly spin: number;
  age: number;
}

/** What flies about on one board. */
export class Particles {
  private readonly scene: Scenery;
  private readonly flying: Particle[] = [];
  private readonly pool: Image[] = [];

  constructor(scene: Scenery) {
    this.scene = scene;
  }

  /** Lets a burst fly from a point, in cells. */
  burst(burst: Burst, x: number, y: number): void {
    const count = Math.min(burst.count, LIMIT - alive);
    for (let i = 0; i < count; i++) {
      const angle = ((i + Math.random()) / burst.count) * 2 * Math.PI;
      const speed = burst.speed * (0.5 + Math.random());
      const image = this.pool.pop() ?? this.scene.add.image(0, 0, 'atlas').setDepth(LAYER);
      image
        .setFrame(frameName(burst.sprite, 0))
        .setVisible(true)
        .setAlpha(1)
        .setPosition(x * CELL, y * CELL);
      image.setTint(burst.tints[i % burst.tints.length]);
      const spin = (Math.random() - 0.5) * 12;
      this.flying.push({
        image,
        burst,
        speedX: speed * Math.cos(angle),
        speedY: speed * Math.sin(angle),
        spin,
        age: 0,
      });
    }
    alive += Math.max(0, count);
  }

  update(deltaMs: number): void {
    const seconds = deltaMs / 1000;
    for (let i = this.flying.length - 1; i >= 0; i--) {
      const particle = this.flying[i];
      const { image, burst } = particle;
      particle.age += deltaMs;
      const life = particle.age / (burst.lifeMs ?? LIFE_MS);
      if (life >= 1) {
        this.flying.splice(i, 1);
        this.pool.push(image.setVisible(false));
        alive--;
        continue;
      }
      particle.speedY += (burst.gravity ?? 0) * seconds;
      image.x += particle.speedX * CELL * seconds * (1 - life * 0.6);
      image.y += particle.speedY * CELL * seconds;
      image.rotation += particle.spin * seconds;
      image.setAlpha(1 - life * life).setDisplaySize(...square(burst.size * (1 - 0.5 * life)));
    }
  }

  /** Those still in the air no longer count against the limit. */
  clear(): void {
    alive -= this.flying.length;
    this.flying.length = 0;
  }
}

/** The display size of an atlas frame whose cell is to measure `cells`: its margin included. */
export function square(cells: number): [number, number] {
  const size = cells * (CELL + 2 * MARGIN);
  return [size, size];
}
