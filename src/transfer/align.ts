import type { Named } from '../core/game.ts';
import { type Axis, axisSize } from '../core/tensors.ts';

/** How labelled axes (channels, features, actions) are matched between two games. */
export const ALIGNMENTS = ['role', 'index', 'fresh'] as const;
export type Alignment = (typeof ALIGNMENTS)[number];

/** For each index of a target axis, the index of the source axis it is copied from, or -1 for none. */
export interface AxisMap {
  readonly from: Int32Array;
  /** Why nothing was matched, where nothing was. */
  readonly reason?: string;
}

/**
 * Matches a source axis to a target axis. `role`: labels of the same main role, else one whose main role the other has
 * too; of several the one of the same name, else the one that shares most roles. `index`: by position. `fresh`: labels
 * are never matched. Board axes align by offset, axes of units only where they are equally long, flat axes factor by
 * factor.
 */
export function alignAxis(source: Axis, target: Axis, how: Alignment): AxisMap {
  if (source.kind !== target.kind) return nothing(target, `${source.kind} axis against ${target.kind} axis`);
  if (source.kind === 'flat' && target.kind === 'flat') return alignFactors(source.factors, target.factors, how);
  if ('labels' in source && 'labels' in target) return alignLabels(source.labels, target.labels, target, how);
  const size = axisSize(source);
  const wanted = axisSize(target);
  if (target.kind === 'board-y' || target.kind === 'board-x') return byIndex(size, wanted);
  if (size !== wanted) return nothing(target, `${size} against ${wanted} along the ${target.kind} axis`);
  return byIndex(size, wanted);
}

function alignLabels(source: readonly Named[], target: readonly Named[], axis: Axis, how: Alignment): AxisMap {
  if (how === 'fresh') return nothing(axis, 'alignment "fresh" matches no labels');
  if (how === 'index') return byIndex(source.length, target.length);
  const from = Int32Array.from(target, (label) => closestRole(source, label));
  return from.every((i) => i < 0) ? nothing(axis, `no ${axis.kind} shares a main role`) : { from };
}

/** The source label that means most of the same; -1 where none shares a main role. The first of equals. */
function closestRole(source: readonly Named[], target: Named): number {
  const kinships = source.map((label) => kinship(label, target));
  const best = Math.max(...kinships);
  return best > 0 ? kinships.indexOf(best) : -1;
}

/** 0 unless the main role of one is a role of the other; more for equal main roles, equal names, more shared roles. */
function kinship(a: Named, b: Named): number {
  if (!a.roles.includes(b.roles[0]) && !b.roles.includes(a.roles[0])) return 0;
  const shared = a.roles.filter((role) => b.roles.includes(role)).length;
  const differing = a.roles.length + b.roles.length - 2 * shared;
  return (a.roles[0] === b.roles[0] ? 10_000 : 0) + (a.name === b.name ? 1_000 : 0) + 100 + 10 * shared - differing;
}

function alignFactors(source: readonly Axis[], target: readonly Axis[], how: Alignment): AxisMap {
  if (source.length !== target.length) return nothing({ kind: 'flat', factors: target }, 'flattened from other axes');
  const maps = source.map((factor, i) => alignAxis(factor, target[i], how));
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
