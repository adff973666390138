// Learns an easier game, carries its layers to the original one and goes on: npx tsx examples/transfer.ts [--quick]
import { planText, train, transfer } from 'ngplus';

const quick = process.argv.includes('--quick');
const settings = {
  totalTimesteps: quick ? 4096 : 200_000,
  evaluations: quick ? 1 : 5,
  algorithmConfig: { numSteps: 32 },
};
const folder = `runs/example-transfer${quick ? '-quick' : ''}`;

const source = await train({ ...settings, env: 'breakout?paddleWidth=3', folder: `${folder}/source` });

const target = await transfer({
  ...settings,
  source: source.folder, // its newest checkpoint; a .safetensors file will do as well
  env: 'breakout',
  method: 'full', // every layer learns; see also head-only and frozen-then-full
  stageLearningRates: ['stem=0.5'], // what was carried over changes more slowly
  folder: `${folder}/target`,
});

console.log(planText(target.plan));
for (const { step, mean } of target.evaluations) {
  console.log(`step ${String(step).padStart(6)}: mean return ${mean.toFixed(2)}`);
}
console.log(`kept in ${target.folder}; watch it: npx ngplus watch ${target.folder}`);
