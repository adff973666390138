// Trains an agent on a game of your own: npx tsx examples/own-game.ts [--quick]
// On the command line: npx ngplus train --game examples/my-game.ts, and to play it: npx ngplus play examples/my-game.ts
import { fileURLToPath } from 'node:url';
import { evaluate, train } from 'ngplus';

const quick = process.argv.includes('--quick');
const game = fileURLToPath(new URL('my-game.ts', import.meta.url));

const run = await train({
  game,
  env: 'gem-cave', // the game's id; variants work as in any other: gem-cave?gap=6
  totalTimesteps: quick ? 4096 : 200_000,
  evaluations: quick ? 1 : 10,
  algorithmConfig: { numSteps: 32 },
  folder: `runs/example-own-game${quick ? '-quick' : ''}`,
});
console.log(run.evaluations.map(({ step, mean }) => `step ${step}: mean return ${mean.toFixed(2)}`).join('\n'));

const { mean, episodes } = await evaluate({ player: run.folder, env: 'gem-cave?gap=3', episodes: quick ? 20 : 100 });
console.log(`in a narrower cave: ${mean.toFixed(2)} over ${episodes} episodes`);
