import { RULES } from '../transfer/align.ts';
import type { LabelMatch, PlanEntry, TransferPlan, WeightControl } from '../transfer/plan.ts';

/** A transfer plan as aligned text: what is copied where, what is fresh and why, how each tensor learns. */
export function planText(plan: TransferPlan): string {
  const rows = plan.entries.map((entry) => [
    entry.tensor,
    entry.shape.join('x'),
    origin(entry),
    entry.reason,
    entry.training,
  ]);
  return [
    `Transfer plan: ${plan.source} -> ${plan.target} (method ${plan.method}, alignment ${plan.alignment})`,
    ...table([['tensor', 'shape', 'origin', 'why', 'training'], ...rows]),
    ...matchLines(plan.matches),
    ...(plan.control ? [`control, ${plan.control}: ${CONTROL_WORDS[plan.control]}`] : []),
    ...(plan.unused.length > 0 ? [`not used of the source: ${plan.unused.join(', ')}`] : []),
    "Adam's moments and what scales rewards start fresh.",
  ].join('\n');
}

/** What a control does to the values taken from the source. */
const CONTROL_WORDS: Record<WeightControl, string> = {
  'random-trunk': 'what is copied is drawn at random instead, with the mean and spread it has in each tensor',
  shuffled: 'what is copied is shuffled within each tensor',
};

const origin = ({ origin: kind, copiedValues, totalValues }: PlanEntry): string =>
  kind === 'mapped' ? `mapped ${copiedValues}/${totalValues}` : kind;

/** A line for each kind of label and rule: `channels, same role: player <- chicken, enemy <- car`. */
function matchLines(matches: readonly LabelMatch[]): string[] {
  const axes = [...new Set(matches.map(({ axis }) => axis))];
  return axes.flatMap((axis) =>
    RULES.flatMap((rule) => {
      const decided = matches.filter((match) => match.axis === axis && match.rule === rule);
      return decided.length > 0 ? [`${axis}s, ${rule}: ${decided.map(matchText).join(', ')}`] : [];
    }),
  );
}

function matchText({ target, source, rule }: LabelMatch): string {
  if (source === null) return rule === 'fresh' ? target : `${target} (fresh)`;
  return target === source ? target : `${target} <- ${source}`;
}

function table(rows: readonly string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd());
}
