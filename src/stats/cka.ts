/** What a layer says of several observations: `values [rows, columns]`, row-major, a row for each observation. */
export interface Features {
  readonly values: Float32Array;
  readonly rows: number;
}

/**
 * Linear centred kernel alignment of two layers on the same observations (Kornblith et al. 2019): 1 where one is a rotation
 * and scaling of the other, towards 0 where they have nothing in common. With few observations for the number of columns
 * it is too high. NaN where one says the same of all observations.
 */
export function linearCka(a: Features, b: Features): number {
  if (a.rows !== b.rows) throw new Error(`${a.rows} observations against ${b.rows}`);
  const [k, l] = [centredGram(a), centredGram(b)];
  return dot(k, l) / Math.sqrt(dot(k, k) * dot(l, l));
}

/**
 * How many directions a layer uses: the participation ratio of its covariance's spectrum, (Σλ)² / Σλ² (Gao et al. 2017),
 * from 1 to the number of columns. NaN where it says the same of all observations.
 */
export function effectiveDimension(features: Features): number {
  const gram = centredGram(features);
  let trace = 0;
  for (let i = 0; i < gram.length; i += features.rows + 1) trace += gram[i];
  return trace ** 2 / dot(gram, gram);
}

/** Columns, each less its mean: `[columns, rows]`. */
function centredColumns({ values, rows }: Features): Float64Array[] {
  const columns = values.length / rows;
  return Array.from({ length: columns }, (_, c) => {
    const column = Float64Array.from({ length: rows }, (_unused, r) => values[r * columns + c]);
    const mean = column.reduce((sum, value) => sum + value, 0) / rows;
    return column.map((value) => value - mean);
  });
}

/** Products of every two rows of the centred features, `[rows, rows]`. */
function centredGram(features: Features): Float64Array {
  const { rows } = features;
  const gram = new Float64Array(rows * rows);
  for (const column of centredColumns(features)) {
    for (let i = 0; i < rows; i++) {
      const value = column[i];
      if (value === 0) continue;
      for (let j = 0, to = i * rows; j < rows; j++) gram[to + j] += value * column[j];
    }
  }
  return gram;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
