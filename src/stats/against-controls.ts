import { compareArms, type Comparison, type ComparisonInput } from './compare.ts';
import type { Arm } from './curve.ts';
import { withHolm } from './holm.ts';
import { tally } from './verdict.ts';

/** A transfer, gate or control of a study, as it was compared with scratch. */
interface ComparedPair {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  /** What kind of control it is; missing or null: a transfer or gate. */
  readonly control?: string | null;
  readonly transfer: Arm;
  readonly random: number;
  readonly comparison: Comparison;
}

/** A transfer or gate against one of its controls, which takes the place of scratch. */
export interface AgainstControl {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly control: string;
  readonly comparison: Comparison;
  /** Corrected over all pairs of the same method and control. */
  readonly holm: number | null;
}

const isSamePair = (a: ComparedPair, b: ComparedPair): boolean =>
  a.source === b.source && a.target === b.target && a.method === b.method;

/** Whether a control is what a transfer or gate should be better than. `same-game` is not: it is the ceiling. */
const IS_CONTROL_OF: Record<string, (control: ComparedPair, transfer: ComparedPair) => boolean> = {
  'random-trunk': isSamePair,
  shuffled: isSamePair,
  'gate-random-trunk': isSamePair,
  'gate-shuffled': isSamePair,
  'gate-scratch': (control, transfer) => control.target === transfer.target && control.method === transfer.method,
};

/**
 * That a transfer is better than scratch and its control is not does not say that it is better than the control (Gelman &
 * Stern 2006, "The difference between 'significant' and 'not significant' is not itself statistically significant"): this
 * compares the two.
 */
export function againstControls(
  pairs: readonly ComparedPair[],
  { primaryMetric, referenceRange }: Pick<ComparisonInput, 'primaryMetric' | 'referenceRange'> = {},
): AgainstControl[] {
  const compared = pairs.flatMap((control) =>
    pairs
      .filter((transfer) => !transfer.control && control.control && IS_CONTROL_OF[control.control]?.(control, transfer))
      .map((transfer) => {
        const { source, target, method, random, comparison } = transfer;
        const comparing = compareArms({
          scratch: control.transfer,
          transfer: transfer.transfer,
          random,
          sourceSteps: comparison.sourceSteps - control.comparison.sourceSteps,
          target: `${control.control} ${control.source} ${target}`,
          pair: `${source} ${target} ${method}`,
          seed: comparison.seed,
          primaryMetric,
          referenceRange,
        });
        return { source, target, method, control: control.control!, comparison: comparing };
      }),
  );
  return withHolm(compared);
}

/** `Transfers compared with their controls: full / shuffled: better in 1, worse in 0 and …`; empty where there are none. */
export function againstControlsText(rows: readonly AgainstControl[]): string {
  const families = [...new Set(rows.map(({ method, control }) => `${method} / ${control}`))];
  const told = families.map((family) => {
    const own = rows.filter(({ method, control }) => `${method} / ${control}` === family);
    return `${family}: ${tally(own, 'better', 'worse')}`;
  });
  return told.length === 0 ? '' : `Transfers compared with their controls: ${told.join('; ')}.`;
}
