// Trains an agent, then lets it play beside chance: npx tsx examples/train.ts [--quick]
import { evaluate, train } from 'ngplus';

const quick = process.argv.includes('--quick');
const env = 'breakout?paddleWidth=3';

const run = await train({
  env,
  totalTimesteps: quick ? 4096 : 300_000,
  evaluations: quick ? 1 : 10,
  algorithmConfig: { numSteps: 32 },
  folder: `runs/example-train${quick ? '-quick' : ''}`,
  progress: ({ step, evaluations }) => console.log(`step ${step}, ${evaluations.length} evaluations`),
});
console.log(`${run.step} steps in ${run.seconds.toFixed(1)} s, kept in ${run.folder}`);

for (const player of [run.folder, 'random']) {
  const { policy, mean, low, high, episodes } = await evaluate({ player, env, episodes: quick ? 20 : 200 });
  const interval = `95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}`;
  console.log(`${policy} play of ${env}: mean return ${mean.toFixed(2)} (${interval}, ${episodes} episodes)`);
}
