import { findEnv, games } from '../src/envs/index.ts';
import { createVecEnv } from '../src/envs/vec-env.ts';

/*
 * Environment steps per second of processor time, observations written, uniform random actions, automatic reset:
 *   npx tsx bench/env-speed.ts [NUM_ENVS] [ENV_ID ...]
 * Best of five rounds of about 0.4 s each. Each game runs alone in its process when named alone, which is how training
 * runs it; several in one process share (and slow, by up to a fifth) the compiled code of the vec env.
 */

const numEnvs = Number(process.argv[2] ?? 256);
const ids = process.argv.length > 3 ? process.argv.slice(3) : games.map(({ id }) => id);

for (const id of ids) console.log(`${id.padEnd(24)} ${(best(id) / 1e6).toFixed(2)}M steps/s, ${numEnvs} envs`);

function best(id: string): number {
  const env = createVecEnv(findEnv(id), numEnvs, 1);
  const actions = new Int32Array(numEnvs * env.players);
  const numActions = env.actions.length;
  // Reading the clock takes as long as many steps do.
  const stepsPerLook = Math.ceil(20_000 / numEnvs);
  let word = 12345;
  let rate = 0;
  env.reset();
  for (let round = 0; round < 5; round++) {
    const start = processorMs();
    let steps = 0;
    while (processorMs() - start < 400) {
      for (let step = 0; step < stepsPerLook; step++) {
        for (let i = 0; i < actions.length; i++) {
          word = (Math.imul(word, 1664525) + 1013904223) | 0;
          actions[i] = ((word >>> 16) * numActions) >>> 16;
        }
        env.step(actions);
      }
      steps += stepsPerLook * numEnvs;
    }
    rate = Math.max(rate, (steps / (processorMs() - start)) * 1000);
  }
  return rate;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
