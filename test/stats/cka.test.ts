import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/core/rng.ts';
import { effectiveDimension, type Features, linearCka } from '../../src/stats/cka.ts';

const features = (rows: number, columns: number, value: (row: number, column: number) => number): Features => ({
  rows,
  values: Float32Array.from({ length: rows * columns }, (_, i) => value(Math.floor(i / columns), i % columns)),
});

const x = features(8, 3, (i, j) => ((i * 7 + j * 5) % 11) / 11);
const y = features(8, 4, (i, j) => ((i * 3 + j * j * 2 + 1) % 7) / 7);

describe('linear CKA', () => {
  it('agrees with numpy', () => {
    // numpy 2.4.6, with x and y as above, x -= x.mean(0), y -= y.mean(0), h = lambda a, b: np.linalg.norm(a.T @ b) ** 2:
    // h(x, y) / np.sqrt(h(x, x) * h(y, y))
    expect(linearCka(x, y)).toBeCloseTo(0.6973576667894498, 6);
  });

  it('is 1 with itself, turned, moved and scaled', () => {
    const angle = 0.7;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const at = (row: number, column: number): number => x.values[row * 3 + column];
    const turned = features(8, 3, (i, j) => {
      const row = [c * at(i, 0) - s * at(i, 1), s * at(i, 0) + c * at(i, 1), at(i, 2)];
      return 5 * row[j] + j;
    });
    expect(linearCka(x, turned)).toBeCloseTo(1, 6);
    expect(linearCka(x, x)).toBeCloseTo(1, 12);
  });

  it('is the same both ways, and near 0 between what has nothing in common', () => {
    expect(linearCka(y, x)).toBeCloseTo(linearCka(x, y), 12);
    const rng = createRng(1);
    const [a, b] = [0, 1].map(() => features(400, 3, () => rng.float()));
    expect(linearCka(a, b)).toBeLessThan(0.05);
  });

  it('says nothing of what is always the same', () => {
    expect(
      linearCka(
        x,
        features(8, 2, () => 3),
      ),
    ).toBeNaN();
  });
});

describe('the effective dimension', () => {
  it('agrees with numpy', () => {
    // numpy 2.4.6, y as above: w = np.linalg.eigvalsh(y.T @ y); w.sum() ** 2 / (w ** 2).sum()
    expect(effectiveDimension(y)).toBeCloseTo(2.785958141606056, 5);
  });

  it('counts directions, not columns', () => {
    expect(effectiveDimension(features(20, 5, (i, j) => i * (j + 1)))).toBeCloseTo(1, 6);
    expect(effectiveDimension(features(4, 2, (i, j) => Number(j === 0 ? i < 2 : i % 2 === 0)))).toBeCloseTo(2, 6);
  });
});
