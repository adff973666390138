/**
 * How the pair of the demo was chosen: every candidate source to the demo's target, at the demo's settings but on other
 * seeds (70,000 and up; the demo's are below 10,000). Its output is kept beside it in demo-pair.txt.
 *
 *     npx tsx bench/demo-pair.ts
 */
import { DEMO } from '../src/cli/demo.ts';
import { study } from '../src/exec/api.ts';

const CANDIDATES = [
  'breakout?paddleWidth=2',
  'breakout?paddleWidth=3',
  'breakout?ballPeriod=2',
  'breakout?brickRows=5',
  'space-invaders',
];

const result = await study({
  ...DEMO,
  sources: CANDIDATES,
  controls: [],
  seed: 7,
  seeds: 3,
  folder: 'runs/bench/demo-pair',
  progress: ({ label, state }) => state === 'finished' && console.error(`finished ${label}`),
});
const f = (value: number | null): string => (value === null ? '—' : value.toFixed(2));
for (const { source, target, comparison } of result.pairs) {
  const { ratio, jumpstart } = comparison.metrics;
  console.log(
    `${source} -> ${target}: AUC ratio ${f(ratio.value)} [${f(ratio.low)}, ${f(ratio.high)}], jumpstart ${f(jumpstart.value)}`,
  );
}
