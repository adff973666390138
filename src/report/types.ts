import type { AgainstControl } from '../stats/against-controls.ts';
import type { Comparison } from '../stats/compare.ts';
import type { Arm } from '../stats/curve.ts';

/** One tensor of the target and what the transfer did with it; rows of a `TransferPlan` are these. */
export interface PlanRow {
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly origin: 'copied' | 'mapped' | 'fresh';
  readonly copiedValues: number;
  readonly totalValues: number;
  readonly reason: string;
  /** In words: `learning rate x 1`, `frozen until step 20000`. */
  readonly training: string;
}

export interface ReportPlan {
  readonly alignment: string;
  readonly entries: readonly PlanRow[];
  /** Which label of the source each label of the target took its rows from. */
  readonly matches?: readonly {
    readonly axis: string;
    readonly target: string;
    readonly source: string | null;
    /** Why: `same role`. */
    readonly rule: string;
  }[];
  /** Tensors of the source that nothing was taken from. */
  readonly unused?: readonly string[];
}

/** One source, one target, one method, against scratch. */
export interface ReportPair {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  /** What kind of control it is, e.g. `shuffled`; missing or null: a real transfer. */
  readonly control?: string | null;
  readonly scratch: Arm;
  readonly transfer: Arm;
  /** Mean return of random play on the target. */
  readonly random: number;
  readonly comparison: Comparison;
  /** The comparison's p-value corrected by Holm's method within its family. */
  readonly holm: number | null;
  /** Null where nothing is transferred. */
  readonly plan: ReportPlan | null;
}

/** The file that said before the study what it would do. */
export interface Registration {
  readonly file: string;
  readonly sha256: string;
  readonly hypothesis: string;
  /** The whole file. */
  readonly text: string;
  /** Options of controls and gates that were given beside the file. */
  readonly besides?: Record<string, unknown>;
}

export interface StudyReport {
  readonly title: string;
  readonly description?: string;
  readonly version: string;
  readonly backend: string;
  readonly kernels: string;
  readonly pairs: readonly ReportPair[];
  /** Transfers and gates compared with their controls. */
  readonly againstControls?: readonly AgainstControl[];
  readonly seeds: {
    readonly source: readonly number[];
    readonly scratch: readonly number[];
    readonly transfer: readonly number[];
  };
  /** Missing or null: nothing was registered. */
  readonly registration?: Registration | null;
  /** How sources, targets and methods were chosen, and on which seeds. */
  readonly chosen?: string;
  /** The resolved settings, nested as they are. */
  readonly settings: unknown;
  /** Commands that make this result again. */
  readonly commands: readonly string[];
  /** Environment steps of all trainings together, and their seconds of work. */
  readonly steps: number;
  readonly seconds: number;
}
