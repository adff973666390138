import type { PlanEntry, TransferPlan } from '../transfer/plan.ts';

/** A transfer plan as aligned text: what is copied where, what is fresh and why, how each tensor learns. */
export function planText(plan: TransferPlan): string {
  const rows = plan.entries.map((entry) => [
    entry.tensor,
    entry.shape.join('x'),
    origin(entry),
    entry.reason,
    entry.training,
  ]);
  const matches = plan.matches.filter(({ target, source }) => target !== source);
  return [
    `Transfer plan: ${plan.source} -> ${plan.target} (method ${plan.method}, alignment ${plan.alignment})`,
    ...table([['tensor', 'shape', 'origin', 'why', 'training'], ...rows]),
    ...(matches.length > 0 ? [`matched: ${matches.map(matchText).join(', ')}`] : []),
    ...(plan.unused.length > 0 ? [`not used of the source: ${plan.unused.join(', ')}`] : []),
    "Adam's moments and what scales rewards start fresh.",
  ].join('\n');
}

const origin = ({ origin: kind, copiedValues, totalValues }: PlanEntry): string =>
  kind === 'mapped' ? `mapped ${copiedValues}/${totalValues}` : kind;

const matchText = ({ target, source }: { target: string; source: string | null }): string =>
  source === null ? `${target} (fresh)` : `${target} <- ${source}`;

function table(rows: readonly string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd());
}
