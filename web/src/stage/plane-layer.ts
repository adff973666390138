import type { Board, Frame } from '../../../src/live/protocol.ts';
import type { Art, Look } from './art.ts';
import { lookOf, sprites } from './art/index.ts';
import { frameCount, frameName } from './atlas.ts';
import { CELL } from './ink.ts';
import { type DrawnSprite, type Layer, lerp, moveShare, type Tempo, TWEEN_SHARE } from './layer.ts';
import { type Cell, matchCells } from './matching.ts';
import { type Particles, square } from './particles.ts';
import { Planes } from './planes.ts';
import type { Image, Scenery } from './scenery.ts';

type PlanesBoard = Extract<Board, { kind: 'planes' }>;

/** A thing on the board: a cell of a channel, followed from frame to frame. */
interface Actor extends Cell {
  x: number;
  y: number;
  readonly channel: number;
  readonly look: Look;
  readonly image: Image;
  readonly ghosts: readonly Image[];
  /** Where it has just been, newest first, for its ghosts. */
  readonly path: { x: number; y: number }[];
  sprite: string;
  /** The name of the last trail seen beside it. */
  trail: string | null;
  fromX: number;
  fromY: number;
  movedAt: number;
  moveMs: number;
  /** 1 faces right. */
  facing: 1 | -1;
  bornAt: number;
  /** Of the last move, to notice a bounce. */
  dx: number;
  dy: number;
  bouncedAt: number;
}

interface Leaving {
  readonly image: Image;
  readonly since: number;
  readonly alpha: number;
}

interface Stillness {
  /** No effects: nothing pulses, squashes or leaves ghosts. */
  readonly isCalm: boolean;
  /** Nothing moves its limbs, either. */
  readonly jumps: boolean;
}

const FADE_MS = 260;
const APPEAR_MS = 90;
const BOUNCE_MS = 150;
/** A human's own move is not eased: it has to feel like theirs. */
const HUMAN_MOVE_MS = 30;

/** Draws games of planes: every set cell is a sprite that glides to its next cell. */
export class PlaneLayer implements Layer {
  private readonly scene: Scenery;
  private readonly board: PlanesBoard;
  private readonly art: Art;
  private readonly looks: readonly (Look | null)[];
  private readonly actors: Actor[][];
  private readonly leaving: Leaving[] = [];
  private readonly pool: Image[] = [];
  private readonly particles: Particles;
  private updatedAt = 0;
  private stillness: Stillness = { isCalm: false, jumps: false };

  constructor(scene: Scenery, board: PlanesBoard, art: Art, particles: Particles) {
    this.scene = scene;
    this.board = board;
    this.art = art;
    this.particles = particles;
    this.looks = board.channels.map(({ name, roles }) => lookOf(art, name, roles));
    this.actors = board.channels.map(() => []);
  }

  show(frame: Frame, snaps: boolean, now: number, tempo: Tempo): void {
    if (frame.picture.kind !== 'planes') return;
    this.stillness = { isCalm: !tempo.hasEffects, jumps: tempo.jumps };
    const planes = new Planes(this.board, frame.picture.cells);
    this.looks.forEach((look, channel) => {
      if (look === null) return;
      if (snaps) this.replaceAll(channel, look, planes, now);
      else this.moveAll(channel, look, planes, frame, now, tempo);
    });
    if (frame.terminated && tempo.hasEffects) this.mourn();
  }

  update(now: number): void {
    for (const actors of this.actors) for (const actor of actors) place(actor, actors.length, now, this.stillness);
    for (let i = this.leaving.length - 1; i >= 0; i--) {
      const { image, since, alpha } = this.leaving[i];
      const left = 1 - (now - since) / FADE_MS;
      image.setAlpha(Math.max(0, left) * alpha);
      if (left > 0) continue;
      this.leaving.splice(i, 1);
      this.release(image);
    }
    this.particles.update(Math.min(100, now - this.updatedAt));
    this.updatedAt = now;
  }

  drawn(): DrawnSprite[] {
    return this.actors.flatMap((actors, channel) => {
      const { name, roles } = this.board.channels[channel];
      return actors.map(({ image }) => ({ role: roles[0], name, x: image.x / CELL, y: image.y / CELL }));
    });
  }

  private replaceAll(channel: number, look: Look, planes: Planes, now: number): void {
    for (const actor of this.actors[channel]) this.dismiss(actor);
    this.actors[channel] = planes.list(channel).map((cell) => this.enter(channel, look, cell, planes, now));
    for (const actor of this.actors[channel]) actor.bornAt = now - APPEAR_MS;
  }

  private moveAll(channel: number, look: Look, planes: Planes, frame: Frame, now: number, tempo: Tempo): void {
    const { roles } = this.board.channels[channel];
    const before = this.actors[channel];
    const heading = (cell: Cell): Cell | null => {
      const { dx } = planes.way(cell, roles);
      return dx === 0 || roles[0] === 'self' ? null : { x: dx, y: 0 };
    };
    const { matches, gone } = matchCells(before, planes.list(channel), heading);
    this.actors[channel] = matches.map(({ cell, was }) => {
      if (was === null) return this.enter(channel, look, cell, planes, now);
      this.move(was, cell, planes, now, tempo);
      return was;
    });
    for (const actor of gone) this.leave(actor, roles, frame, now, tempo);
  }

  private move(actor: Actor, cell: Cell, planes: Planes, now: number, tempo: Tempo): void {
    const [dx, dy] = [cell.x - actor.x, cell.y - actor.y];
    const { look } = actor;
    const { roles } = this.board.channels[actor.channel];
    const { dx: way, trail } = planes.way(cell, roles);
    if (look.faces) actor.facing = way !== 0 ? way : dx !== 0 ? (dx > 0 ? 1 : -1) : actor.facing;
    actor.sprite = this.spriteFor(actor.channel, look, cell, planes, trail?.name ?? actor.trail);
    actor.trail = trail?.name ?? actor.trail;
    if (dx * actor.dx < 0 || dy * actor.dy < 0) actor.bouncedAt = now;
    [actor.dx, actor.dy] = [dx, dy];
    const snaps = look.motion === 'snap';
    actor.fromX = snaps ? cell.x : actor.image.x / CELL - 0.5;
    actor.fromY = snaps ? cell.y : actor.image.y / CELL - 0.5;
    actor.movedAt = now;
    actor.moveMs = moveMsOf(roles, tempo);
    [actor.x, actor.y] = [cell.x, cell.y];
  }

  private enter(channel: number, look: Look, cell: Cell, planes: Planes, now: number): Actor {
    const { roles } = this.board.channels[channel];
    const { dx, trail } = planes.way(cell, roles);
    const actor: Actor = {
      ...cell,
      channel,
      look,
      image: this.take(look.layer),
      ghosts: Array.from({ length: this.stillness.isCalm ? 0 : (look.ghosts ?? 0) }, () => this.take(look.layer - 0.5)),
      path: [],
      sprite: this.spriteFor(channel, look, cell, planes, trail?.name ?? null),
      trail: trail?.name ?? null,
      fromX: cell.x,
      fromY: cell.y,
      movedAt: now,
      moveMs: 1,
      facing: dx === -1 ? -1 : 1,
      bornAt: now,
      dx: 0,
      dy: 0,
      bouncedAt: -Infinity,
    };
    place(actor, this.actors[channel].length, now, this.stillness);
    return actor;
  }

  private spriteFor(channel: number, look: Look, { x, y }: Cell, planes: Planes, trail: string | null): string {
    if (typeof look.sprite === 'string') return look.sprite;
    const { width, height } = this.board;
    const [joinsLeft, joinsRight] = [planes.has(x - 1, y, channel), planes.has(x + 1, y, channel)];
    return look.sprite({ x, y, width, height, trail, joinsLeft, joinsRight });
  }

  /** What happened to a thing that is no longer there decides how it goes. */
  private leave(actor: Actor, roles: readonly string[], frame: Frame, now: number, tempo: Tempo): void {
    const [x, y] = [actor.x + 0.5, actor.y + 0.5];
    const burst =
      roles[0] === 'self'
        ? frame.reward > 0
          ? this.art.rewarded
          : this.art.thrown
        : frame.reward > 0 && actor.look.taken;
    if (burst && tempo.hasEffects) this.particles.burst(burst, x, y);
    if (tempo.jumps) this.release(actor.image);
    else this.leaving.push({ image: actor.image, since: now, alpha: actor.image.alpha });
    for (const ghost of actor.ghosts) this.release(ghost);
  }

  private dismiss(actor: Actor): void {
    this.release(actor.image);
    for (const ghost of actor.ghosts) this.release(ghost);
  }

  /** The player is lost. */
  private mourn(): void {
    this.board.channels.forEach(({ roles }, channel) => {
      if (roles[0] !== 'self' && roles[0] !== 'ball') return;
      for (const { x, y } of this.actors[channel]) this.particles.burst(LOSS, x + 0.5, y + 0.5);
    });
  }

  private take(depth: number): Image {
    const image = this.pool.pop() ?? this.scene.add.image(0, 0, 'atlas');
    return image.setVisible(true).setAlpha(1).setFlipX(false).setDepth(depth);
  }

  private release(image: Image): void {
    this.pool.push(image.setVisible(false));
  }
}

const LOSS = { sprite: 'puff', count: 12, tints: [0xff9a66, 0xe0562b, 0xe8ecf1], speed: 2.6, size: 0.7 } as const;

function moveMsOf(roles: readonly string[], { isHuman, jumps, stepMs }: Tempo): number {
  if (jumps) return 0;
  return isHuman && roles[0] === 'self' ? HUMAN_MOVE_MS : stepMs * TWEEN_SHARE;
}

/** Puts an actor's images where they belong at this time; `count`: of the cells of its channel. */
function place(actor: Actor, count: number, now: number, { isCalm, jumps }: Stillness): void {
  const { look, image, ghosts, path } = actor;
  const share = moveShare(now - actor.movedAt, actor.moveMs);
  const eased = look.motion === 'ease' ? 1 - (1 - share) ** 2 : share;
  const x = (lerp(actor.fromX, actor.x, eased) + 0.5) * CELL;
  const y = (lerp(actor.fromY, actor.y, eased) + 0.5) * CELL;
  const sprite = sprites[actor.sprite];
  const still = actor.x * 7 + actor.y * 3;
  const frame = look.fps && !jumps ? Math.floor((now / 1000) * look.fps + still) % frameCount(sprite) : 0;
  const pulses = count < (look.pulsesBelow ?? 0) && !isCalm;
  const pulse = pulses ? 1 + 0.08 * Math.sin(now / 160 + still) : 1;
  const appearing = jumps ? 1 : Math.min(1, (now - actor.bornAt) / APPEAR_MS);
  const bounce = isCalm ? 0 : 1 - Math.min(1, (now - actor.bouncedAt) / BOUNCE_MS);
  const [size] = square((look.size ?? 1) * pulse);
  image
    .setFrame(frameName(actor.sprite, frame))
    .setPosition(x, y)
    .setFlipX(actor.facing < 0)
    .setAlpha((look.alpha ?? 1) * appearing)
    .setDisplaySize(size * (1 + 0.25 * bounce), size * (1 - 0.25 * bounce));
  if (ghosts.length > 0) placeGhosts(ghosts, path, actor.sprite, { x, y }, size);
}

/** Ghosts sit on the way behind, a third of a cell apart, smaller and fainter each. */
function placeGhosts(
  ghosts: readonly Image[],
  path: { x: number; y: number }[],
  sprite: string,
  at: { x: number; y: number },
  size: number,
): void {
  path[0] ??= at;
  const gap = CELL / 3;
  for (let left = distance(path[0], at); left > gap; left -= gap) {
    const [last] = path;
    path.unshift({ x: lerp(last.x, at.x, gap / left), y: lerp(last.y, at.y, gap / left) });
  }
  if (path.length > ghosts.length + 1) path.length = ghosts.length + 1;
  ghosts.forEach((ghost, i) => {
    const spot = path[i + 1];
    ghost.setVisible(spot !== undefined);
    if (spot === undefined) return;
    const share = 1 - (i + 1) / (ghosts.length + 1);
    ghost
      .setFrame(frameName(sprite, 0))
      .setPosition(spot.x, spot.y)
      .setAlpha(0.4 * share)
      .setDisplaySize(size * (0.45 + 0.5 * share), size * (0.45 + 0.5 * share));
  });
}

const distance = (a: { x: number; y: number }, b: { x: number; y: number }): number => Math.hypot(b.x - a.x, b.y - a.y);
