import { unknownValue, UserError } from '../core/errors.ts';
import type { Named } from '../core/game.ts';
import { type Axis, axisSize, type Params, type TensorSpec, tensorShape, tensorSize } from '../core/tensors.ts';
import {
  alignAxis,
  type Alignment,
  type AxisMap,
  type LabelMap,
  matchLabels,
  readLabelMap,
  type Rule,
} from './align.ts';

/** What may be done to the values that a transfer took, so that what they know is lost and what they are like is kept. */
export const WEIGHT_CONTROLS = ['random-trunk', 'shuffled'] as const;
export type WeightControl = (typeof WEIGHT_CONTROLS)[number];

/** What happens to one tensor of the target. */
export interface PlanEntry {
  readonly tensor: string;
  readonly stage: string;
  readonly shape: readonly number[];
  /** `copied`: all of it, in place. `mapped`: rows gathered from the source, the others fresh. `fresh`: all new. */
  readonly origin: 'copied' | 'mapped' | 'fresh';
  /** The source's tensor it comes from, or null. */
  readonly from: string | null;
  readonly copiedValues: number;
  readonly totalValues: number;
  readonly reason: string;
  /** How it is trained: `learning rate x 1`, `frozen`, `frozen until step 20000`. */
  readonly training: string;
}

/** Which label of the source each label of the target took its rows from, and what decided it. */
export interface LabelMatch {
  readonly axis: LabelKind;
  readonly target: string;
  readonly source: string | null;
  readonly rule: Rule;
}

const LABEL_KINDS = ['channel', 'feature', 'action'] as const;
type LabelKind = (typeof LABEL_KINDS)[number];

/** The whole transfer, made before training and stored with the run. */
export interface TransferPlan {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly alignment: Alignment;
  /** The matches the user asked for: `ball=bullet`. */
  readonly map: readonly string[];
  /** What is done to the values taken, so that they know nothing; left out where nothing is. */
  readonly control?: WeightControl;
  readonly entries: readonly PlanEntry[];
  readonly matches: readonly LabelMatch[];
  /** Tensors of the source that nothing was taken from. */
  readonly unused: readonly string[];
  /** Adam's moments start at zero on the target. */
  readonly optimizer: 'fresh';
  /** What scales rewards is measured anew on the target. */
  readonly normalizers: 'fresh';
}

/** The tensors of a source policy, with what their axes mean. */
export interface SourceTensor {
  readonly name: string;
  readonly stage: string;
  readonly axes: readonly Axis[];
}

export interface PlanOptions {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly alignment: Alignment;
  /** Matches the user asks for, source=target: `ball=bullet`; `none=bullet` starts it fresh. */
  readonly map?: readonly string[];
  readonly control?: WeightControl;
  /** Stages (or prefixes: `heads`) that start fresh whatever could be copied. */
  readonly reset: readonly string[];
  /** Says in words how a tensor of this stage is trained. */
  readonly training: (stage: string) => string;
}

/**
 * Plans the transfer of a source's tensors into a target net. Tensors pair by stage and position, rows by axes.
 * @throws UserError where the user's map names what there is not
 */
export function planTransfer(
  source: readonly SourceTensor[],
  target: readonly TensorSpec[],
  options: PlanOptions,
): TransferPlan {
  const map = readLabelMap(options.map ?? []);
  checkMap(map, source, target);
  const alone = target.map((spec) => planEntry(spec, partner(spec, source, target), options, map));
  const entries = alone.map((entry) => freshWithStage(entry, alone));
  const used = new Set(entries.flatMap((entry) => entry.from ?? []));
  return {
    source: options.source,
    target: options.target,
    method: options.method,
    alignment: options.alignment,
    map: options.map ?? [],
    ...(options.control && { control: options.control }),
    entries,
    matches: LABEL_KINDS.flatMap((kind) => {
      const isTaken = entries.some(({ from }, i) => from !== null && labelsIn(target[i].axes, kind) !== undefined);
      const from = isTaken ? labelsOf(source, kind) : [];
      return labelMatches(kind, from, labelsOf(target, kind), options.alignment, map);
    }),
    unused: source.filter((tensor) => !used.has(tensor.name)).map((tensor) => tensor.name),
    optimizer: 'fresh',
    normalizers: 'fresh',
  };
}

function planEntry(spec: TensorSpec, from: SourceTensor | undefined, options: PlanOptions, map: LabelMap): PlanEntry {
  const shape = tensorShape(spec);
  const totalValues = tensorSize(spec);
  const common = { tensor: spec.name, stage: spec.stage, shape, totalValues, training: options.training(spec.stage) };
  const fresh = (reason: string): PlanEntry => ({ ...common, origin: 'fresh', from: null, copiedValues: 0, reason });
  if (options.reset.some((stage) => inStage(spec.stage, stage))) return fresh(`${spec.stage} is reset`);
  if (spec.takes === null) return fresh('it learns the target only');
  if (!from) return fresh('the source has no such stage');
  const maps = axisMaps(from.axes, spec.axes, options.alignment, map);
  const blocked = maps.find((map) => map.reason);
  if (blocked) return fresh(blocked.reason as string);
  const copiedValues = maps.reduce((product, map) => product * map.from.filter((i) => i >= 0).length, 1);
  if (copiedValues === 0) return fresh('nothing of it matches');
  const identical = maps.every((map, i) => isIdentity(map, axisSize(from.axes[i])));
  return {
    ...common,
    origin: identical ? 'copied' : 'mapped',
    from: from.name,
    copiedValues,
    reason: identical ? 'same meaning along every axis' : mappedReason(maps, from.axes, spec.axes),
  };
}

/** A tensor says nothing without the others of its stage: where one can't be taken at all, all start fresh. */
function freshWithStage(entry: PlanEntry, entries: readonly PlanEntry[]): PlanEntry {
  const missing = entries.find(({ stage, origin }) => stage === entry.stage && origin === 'fresh');
  if (entry.origin === 'fresh' || !missing) return entry;
  return { ...entry, origin: 'fresh', from: null, copiedValues: 0, reason: `${missing.tensor} is fresh` };
}

/** The target's initial parameters: the source's values where the plan takes them, `fresh` ones elsewhere. */
export function transferParams(
  plan: TransferPlan,
  source: { tensors: readonly SourceTensor[]; params: Params },
  target: readonly TensorSpec[],
  fresh: Params,
): Params {
  const map = readLabelMap(plan.map);
  return Object.fromEntries(
    target.map((spec) => {
      const entry = plan.entries.find((candidate) => candidate.tensor === spec.name) as PlanEntry;
      const from = source.tensors.find((tensor) => tensor.name === entry.from);
      const values = fresh[spec.name].slice();
      if (from)
        gather(source.params[from.name], from.axes, values, axisMaps(from.axes, spec.axes, plan.alignment, map));
      return [spec.name, values];
    }),
  );
}

/** Overwrites the values of `target` whose index along every axis has a source. */
function gather(source: Float32Array, sourceAxes: readonly Axis[], target: Float32Array, maps: AxisMap[]): void {
  const sizes = sourceAxes.map(axisSize);
  const visit = (axis: number, from: number, to: number): void => {
    if (axis === maps.length) {
      target[to] = source[from];
      return;
    }
    const { from: map } = maps[axis];
    for (let i = 0; i < map.length; i++) {
      if (map[i] >= 0) visit(axis + 1, from * sizes[axis] + map[i], to * map.length + i);
    }
  };
  visit(0, 0, 0);
}

function axisMaps(source: readonly Axis[], target: readonly Axis[], how: Alignment, map: LabelMap): AxisMap[] {
  const reason = unlike(source, target);
  if (reason !== undefined) return target.map(() => ({ from: new Int32Array(0), reason }));
  return target.map((axis, i) => alignAxis(source[i], axis, how, map));
}

/** Why two tensors have nothing to do with each other, where they have not. */
function unlike(source: readonly Axis[], target: readonly Axis[]): string | undefined {
  const [has, wants] = [source, target].map((axes) => LABEL_KINDS.find((kind) => labelsIn(axes, kind)));
  if (has && wants && has !== wants) return `the source has ${has}s here, not ${wants}s`;
  return source.length === target.length ? undefined : `${source.length} axes against ${target.length}`;
}

/** The source tensor at the same position of the same stage, or of the stage that this one takes. */
function partner(
  spec: TensorSpec,
  source: readonly SourceTensor[],
  target: readonly TensorSpec[],
): SourceTensor | undefined {
  const { stage, takes = stage } = spec;
  const position = target.filter((other) => other.stage === stage).indexOf(spec);
  return source.filter((tensor) => tensor.stage === takes)[position];
}

/** Is `stage` the stage `prefix` or inside it? `heads/policy` is in `heads`. */
export const inStage = (stage: string, prefix: string): boolean => stage === prefix || stage.startsWith(`${prefix}/`);

const isIdentity = (map: AxisMap, sourceSize: number): boolean =>
  map.from.length === sourceSize && map.from.every((from, i) => from === i);

/** What is taken along each axis that is not copied whole: `3 of 4 channels`, `the first 2 of 4 features`. */
function mappedReason(maps: readonly AxisMap[], source: readonly Axis[], target: readonly Axis[]): string {
  const parts = maps.flatMap((map, i) => {
    const [has, wanted] = [axisSize(source[i]), map.from.length];
    if (isIdentity(map, has)) return [];
    const what = axisName(target[i]);
    if (isIdentity(map, wanted)) return [`the first ${wanted} of ${has} ${what}`];
    return [`${map.from.filter((from) => from >= 0).length} of ${wanted} ${what}`];
  });
  return parts.join(', ');
}

const axisName = (axis: Axis): string => (axis.kind === 'flat' ? 'inputs' : `${axis.kind}s`);

/** A match for every label of the target; all are fresh where nothing is taken from labels of the source. */
function labelMatches(
  axis: LabelKind,
  source: readonly Named[],
  target: readonly Named[],
  how: Alignment,
  map: LabelMap,
): LabelMatch[] {
  return matchLabels(source, target, how, map).map(({ from, rule }, i) => ({
    axis,
    target: target[i].name,
    source: source[from]?.name ?? null,
    rule,
  }));
}

/** @throws UserError for a pair whose names are not there, or are of two kinds */
function checkMap(map: LabelMap, source: readonly SourceTensor[], target: readonly TensorSpec[]): void {
  const namesOf = (tensors: readonly SourceTensor[]): string[][] =>
    LABEL_KINDS.map((kind) => labelsOf(tensors, kind).map(({ name }) => name));
  const [from, to] = [namesOf(source), namesOf(target)];
  const unique = (names: readonly string[][]): string[] => [...new Set(names.flat())];
  for (const [taker, giver] of map) {
    if (!to.flat().includes(taker)) throw unknownValue('name of the target in the map', taker, unique(to));
    if (giver === 'none') continue;
    if (!from.flat().includes(giver)) {
      throw unknownValue('name of the source in the map', giver, [...unique(from), 'none']);
    }
    if (!LABEL_KINDS.some((_, kind) => from[kind].includes(giver) && to[kind].includes(taker))) {
      throw new UserError(`the map feeds "${taker}" from "${giver}", which is of another kind`);
    }
  }
}

const labelsOf = (tensors: readonly SourceTensor[], kind: LabelKind): readonly Named[] =>
  tensors.map(({ axes }) => labelsIn(axes, kind)).find((labels) => labels !== undefined) ?? [];

/** The labels of this kind along some axes. */
function labelsIn(axes: readonly Axis[], kind: LabelKind): readonly Named[] | undefined {
  const flat = (axis: Axis): readonly Axis[] => (axis.kind === 'flat' ? axis.factors.flatMap(flat) : [axis]);
  const found = axes.flatMap(flat).find((axis) => axis.kind === kind);
  return found && 'labels' in found ? found.labels : undefined;
}
