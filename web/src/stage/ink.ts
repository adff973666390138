/*
 * Drawing in three tones with the light from the top left. A cell is 32 units wide and high.
 */

export const CELL = 32;

export type Ink = CanvasRenderingContext2D;

/** Light, base and dark tone of a colour. */
export type Tones = readonly [light: string, base: string, dark: string];

export const TONES = {
  amber: ['#ffd166', '#e69f00', '#9a5b00'],
  sky: ['#a9ddff', '#56b4e9', '#22699b'],
  vermilion: ['#ff9a66', '#e0562b', '#8e2b12'],
  green: ['#7ce3b6', '#1fa877', '#0b5f45'],
  yellow: ['#fff3a0', '#f2d53c', '#a8801a'],
  purple: ['#e7b0d8', '#c06aa8', '#713a66'],
  white: ['#ffffff', '#dfe6ee', '#93a1b3'],
  steel: ['#b9c6d6', '#7d8ca0', '#465162'],
  slate: ['#5b6b82', '#3b4759', '#222a36'],
  skin: ['#ffe0bd', '#f0b98a', '#a8703f'],
  red: ['#ff8c86', '#d8403f', '#7f1d25'],
  navy: ['#4c6aa8', '#2c4478', '#182746'],
  cyan: ['#d8ffff', '#5fe3f0', '#1b8aa0'],
} satisfies Record<string, Tones>;

const OUTLINE = 'rgba(8, 10, 14, 0.75)';

/** A filled shape with a lit rim at the top left and a shaded one at the bottom right. */
export function solid(ink: Ink, path: Path2D, [light, base, dark]: Tones, rim = 3): void {
  ink.save();
  ink.lineJoin = 'round';
  ink.fillStyle = base;
  ink.fill(path);
  ink.save();
  ink.clip(path);
  ink.lineWidth = rim;
  ink.translate(-rim / 2, -rim / 2);
  ink.strokeStyle = dark;
  ink.stroke(path);
  ink.translate(rim, rim);
  ink.strokeStyle = light;
  ink.stroke(path);
  ink.restore();
  ink.lineWidth = 1.25;
  ink.strokeStyle = OUTLINE;
  ink.stroke(path);
  ink.restore();
}

/** A flat shape without rims. */
export function flat(ink: Ink, path: Path2D, colour: string): void {
  ink.fillStyle = colour;
  ink.fill(path);
}

export function line(ink: Ink, path: Path2D, colour: string, width: number): void {
  ink.save();
  ink.lineCap = 'round';
  ink.lineJoin = 'round';
  ink.strokeStyle = colour;
  ink.lineWidth = width;
  ink.stroke(path);
  ink.restore();
}

/** A white eye with a pupil that looks ahead (to the right). */
export function eye(ink: Ink, x: number, y: number, radius: number): void {
  flat(ink, disc(x, y, radius), '#f7fafc');
  flat(ink, disc(x + radius * 0.3, y + radius * 0.1, radius * 0.55), '#10141a');
  flat(ink, disc(x + radius * 0.1, y - radius * 0.2, radius * 0.2), '#ffffff');
}

export function disc(x: number, y: number, radius: number): Path2D {
  return oval(x, y, radius, radius);
}

export function oval(x: number, y: number, radiusX: number, radiusY: number, turn = 0): Path2D {
  const path = new Path2D();
  path.ellipse(x, y, radiusX, radiusY, turn, 0, 2 * Math.PI);
  return path;
}

export function box(x: number, y: number, width: number, height: number, corner = 0): Path2D {
  const path = new Path2D();
  path.roundRect(x, y, width, height, corner);
  return path;
}

/** A closed shape through the points `x0, y0, x1, y1, …`. */
export function polygon(...points: number[]): Path2D {
  const path = trace(...points);
  path.closePath();
  return path;
}

/** An open line through the points `x0, y0, x1, y1, …`. */
export function trace(...points: number[]): Path2D {
  const path = new Path2D();
  for (let i = 0; i < points.length; i += 2) {
    if (i === 0) path.moveTo(points[0], points[1]);
    else path.lineTo(points[i], points[i + 1]);
  }
  return path;
}

/** An SVG path. */
export const curve = (d: string): Path2D => new Path2D(d);

/** A star with `points` points between two radii. */
export function star(x: number, y: number, outer: number, inner: number, points: number, turn = 0): Path2D {
  const corners = Array.from({ length: 2 * points }, (_, i) => {
    const radius = i % 2 === 0 ? outer : inner;
    const angle = turn - Math.PI / 2 + (i * Math.PI) / points;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
  return polygon(...corners.flat());
}

/** A soft glow around a point, `rgb` like `255, 166, 64`. Faded to the same colour: to black it would have a dark rim. */
export function glow(ink: Ink, x: number, y: number, radius: number, rgb: string, alpha: number): void {
  const gradient = ink.createRadialGradient(x, y, 0, x, y, radius);
  gradient.addColorStop(0, `rgba(${rgb}, ${alpha})`);
  gradient.addColorStop(1, `rgba(${rgb}, 0)`);
  ink.fillStyle = gradient;
  ink.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
}

/** Fills a rectangle from top to bottom through evenly spaced colours. */
export function wash(ink: Ink, width: number, height: number, ...colours: string[]): void {
  const gradient = ink.createLinearGradient(0, 0, 0, height);
  colours.forEach((colour, i) => gradient.addColorStop(i / Math.max(1, colours.length - 1), colour));
  ink.fillStyle = gradient;
  ink.fillRect(0, 0, width, height);
}

/** Numbers in [0, 1) that look random and are always the same: for stars, stones and waves of a backdrop. */
export function scatter(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
