import { UserError } from '../core/errors.ts';
import type { Named } from '../core/game.ts';
import { type Axis, axisSize } from '../core/tensors.ts';

/** How labelled axes (channels, features, actions) are matched between two games. */
export const ALIGNMENTS = ['role', 'index', 'fresh'] as const;
export type Alignment = (typeof ALIGNMENTS)[number];

/** What decided which label of the source a label of the target takes its rows from. */
export const RULES = ['mapped by you', 'same name', 'same role', 'nearest role', 'same position', 'fresh'] as const;
export type Rule = (typeof RULES)[number];

/** A label's match: its index in the source, -1 where it starts fresh. */
export interface Match {
  readonly from: number;
  readonly rule: Rule;
}

/** What the user decided: for the name of a target's label that of the source's, or `none`. */
export type LabelMap = ReadonlyMap<string, string>;

/** A user's pairs, `ball=bullet`: `ball` of the source feeds `bullet` of the target. @throws UserError for one fed twice */
export function readLabelMap(pairs: readonly string[]): LabelMap {
  const map = new Map<string, string>();
  for (const pair of pairs) {
    const [source, target] = pair.split('=');
    if (map.has(target))
      throw new UserError(`the map feeds "${target}" twice: from "${map.get(target)}" and "${source}"`);
    map.set(target, source);
  }
  return map;
}

/** For each index of a target axis, the index of the source axis it is copied from, or -1 for none. */
export interface AxisMap {
  readonly from: Int32Array;
  /** Why nothing was matched, where nothing was. */
  readonly reason?: string;
}

const NO_MAP: LabelMap = new Map();

/**
 * Matches a source axis to a target axis: labels as `matchLabels` says, board axes by offset, axes of units only where
 * they are equally long, flat axes factor by factor.
 */
export function alignAxis(source: Axis, target: Axis, how: Alignment, map: LabelMap = NO_MAP): AxisMap {
  if (source.kind !== target.kind) return nothing(target, `${source.kind} axis against ${target.kind} axis`);
  if (source.kind === 'flat' && target.kind === 'flat') return alignFactors(source.factors, target.factors, how, map);
  if ('labels' in source && 'labels' in target) return alignLabels(source.labels, target.labels, target, how, map);
  const size = axisSize(source);
  const wanted = axisSize(target);
  if (target.kind === 'board-y' || target.kind === 'board-x') return byIndex(size, wanted);
  if (size !== wanted) return nothing(target, `${size} against ${wanted} along the ${target.kind} axis`);
  return byIndex(size, wanted);
}

/**
 * Which label of the source each label of the target takes its rows from; one may feed several. First what the user
 * mapped, in every alignment. Then `role`: labels of the same main role, else one whose main role the other has too; of
 * several the one of the same name, else the one that shares most roles, else the first. A name alone is no match: one
 * game's `bullet` is its player's, another's an enemy's. `index`: by position. `fresh`: none.
 */
export function matchLabels(
  source: readonly Named[],
  target: readonly Named[],
  how: Alignment,
  map: LabelMap = NO_MAP,
): Match[] {
  return target.map((label, position) => {
    const given = map.get(label.name);
    if (given === 'none') return { from: -1, rule: 'mapped by you' };
    const from = source.findIndex(({ name }) => name === given);
    if (from >= 0) return { from, rule: 'mapped by you' };
    if (how === 'role') return closest(source, label);
    return how === 'index' && position < source.length ? { from: position, rule: 'same position' } : FRESH;
  });
}

const FRESH: Match = { from: -1, rule: 'fresh' };

function alignLabels(
  source: readonly Named[],
  target: readonly Named[],
  axis: Axis,
  how: Alignment,
  map: LabelMap,
): AxisMap {
  const from = Int32Array.from(matchLabels(source, target, how, map), (match) => match.from);
  if (from.some((i) => i >= 0)) return { from };
  return nothing(axis, how === 'fresh' ? 'alignment "fresh" matches no labels' : `no ${axis.kind} shares a main role`);
}

/** The source label that means most of the same, the first of equals. */
function closest(source: readonly Named[], target: Named): Match {
  const kinships = source.map((label) => kinship(label, target));
  const best = Math.max(...kinships);
  if (best <= 0) return FRESH;
  const from = kinships.indexOf(best);
  const { name, roles } = source[from];
  if (name === target.name) return { from, rule: 'same name' };
  return { from, rule: roles[0] === target.roles[0] ? 'same role' : 'nearest role' };
}

/** 0 unless the main role of one is a role of the other; more for equal main roles, equal names, more shared roles. */
function kinship(a: Named, b: Named): number {
  if (!a.roles.includes(b.roles[0]) && !b.roles.includes(a.roles[0])) return 0;
  const shared = a.roles.filter((role) => b.roles.includes(role)).length;
  const differing = a.roles.length + b.roles.length - 2 * shared;
  return (a.roles[0] === b.roles[0] ? 10_000 : 0) + (a.name === b.name ? 1_000 : 0) + 100 + 10 * shared - differing;
}

function alignFactors(source: readonly Axis[], target: readonly Axis[], how: Alignment, map: LabelMap): AxisMap {
  if (source.length !== target.length) return nothing({ kind: 'flat', factors: target }, 'flattened from other axes');
  const maps = source.map((factor, i) => alignAxis(factor, target[i], how, map));
  const reason = maps.find((map) => map.reason)?.reason;
  let from = Int32Array.of(0);
  maps.forEach((map, i) => {
    const size = axisSize(source[i]);
    from = Int32Array.from({ length: from.length * map.from.length }, (_, j) => {
      const outer = from[Math.floor(j / map.from.length)];
      const inner = map.from[j % map.from.length];
      return outer < 0 || inner < 0 ? -1 : outer * size + inner;
    });
  });
  return reason === undefined ? { from } : { from, reason };
}

const byIndex = (size: number, wanted: number): AxisMap => ({
  from: Int32Array.from({ length: wanted }, (_, i) => (i < size ? i : -1)),
});

const nothing = (target: Axis, reason: string): AxisMap => ({
  from: new Int32Array(axisSize(target)).fill(-1),
  reason,
});
