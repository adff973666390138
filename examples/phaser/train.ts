// Trains the policy that the scene loads: npx tsx examples/phaser/train.ts [FOLDER] [--quick]
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { train } from 'ngplus';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const quick = process.argv.includes('--quick');
const [folder = here('public')] = process.argv.slice(2).filter((word) => !word.startsWith('--'));

const run = await train({
  game: here('../my-game.ts'),
  env: 'gem-cave',
  totalTimesteps: quick ? 4096 : 200_000,
  evaluations: quick ? 1 : 10,
  algorithmConfig: { numSteps: 32 },
  folder: join(folder, '..', `run${quick ? '-quick' : ''}`),
  progress: ({ step, totalTimesteps, evaluations }) =>
    console.log(`step ${step} of ${totalTimesteps}, return ${evaluations.at(-1)?.mean.toFixed(1) ?? '?'}`),
});
mkdirSync(folder, { recursive: true });
copyFileSync(join(run.folder, run.checkpoint), join(folder, 'policy.safetensors'));
console.log(`wrote ${join(folder, 'policy.safetensors')}`);
