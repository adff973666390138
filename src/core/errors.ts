/**
 * A mistake the user can mend: one line that names the bad value and the good ones.
 * The command line prints it without a stack and exits with code 2. Everything else is a bug and keeps its stack.
 */
export class UserError extends Error {
  override name = 'UserError';
}

/** Thrown where work was stopped on purpose (Ctrl-C, a cancelled job): nothing is lost, exit code 130. */
export class StoppedError extends Error {
  override name = 'StoppedError';
  constructor(message = 'stopped; the same command goes on from here') {
    super(message);
  }
}

/** A loss or gradient that is not a finite number: training stops, the last good parameters are kept. */
export class NotFiniteError extends Error {
  override name = 'NotFiniteError';
}

/** `"x" is not a …; valid: a, b, c`, with the closest valid value first when the value looks like a slip. */
export function unknownValue(what: string, value: string, valid: readonly string[]): UserError {
  const known = valid.length === 0 ? 'there are none' : `valid: ${valid.join(', ')}`;
  return new UserError(`unknown ${what} "${value}"${didYouMean(value, valid)}; ${known}`);
}

/** `the net id "x" is taken; taken: …`. */
export const takenId = (what: string, id: string, taken: readonly string[]): UserError =>
  new UserError(`the ${what} id "${id}" is taken; taken: ${taken.join(', ')}`);

/** ` (did you mean "x"?)` for the closest valid value, or nothing where none is close. */
export function didYouMean(value: string, valid: readonly string[]): string {
  const distances = valid.map((candidate) => editDistance(candidate, value));
  const least = Math.min(...distances);
  return least <= Math.min(2, value.length / 2) ? ` (did you mean "${valid[distances.indexOf(least)]}"?)` : '';
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
