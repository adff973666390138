// Was it worth it? Transfer against learning from scratch, over seeds: npx tsx examples/study.ts [--quick]
import { study, verdict } from 'ngplus';

const quick = process.argv.includes('--quick');

const result = await study({
  sources: ['cartpole?force=20', 'cartpole?halfLength=1'],
  targets: ['cartpole'],
  methods: ['full'],
  controls: quick ? [] : ['shuffled'],
  seeds: quick ? 2 : 10,
  sourceTimesteps: quick ? 2048 : 30_000,
  targetTimesteps: quick ? 2048 : 20_000,
  evaluations: quick ? 2 : 10,
  randomEpisodes: quick ? 100 : 1000,
  folder: `runs/example-study${quick ? '-quick' : ''}`,
  progress: ({ label, state }) => state === 'finished' && console.log(`finished ${label}`),
});

for (const { source, target, control, comparison } of result.pairs) {
  const { value, low, high } = comparison.metrics.jumpstart;
  console.log(
    `\n${source} -> ${target}${control ? ` (${control})` : ''}: jumpstart ${value?.toFixed(1)}, 95 % interval ${low?.toFixed(1)} to ${high?.toFixed(1)}`,
  );
  console.log(verdict(comparison));
}
console.log(`\nreport: ${result.folder}/report.html`);
