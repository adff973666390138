import type { Player } from '../core/agent.ts';
import { createRng } from '../core/rng.ts';
import { axisSize, type Params } from '../core/tensors.ts';
import type { VecEnv } from '../core/vec-env.ts';
import { type ActingMode, actRow, SOFTMAX_POLICY } from '../nets/acting.ts';
import type { PolicyNet } from '../nets/policy-net.ts';
import type { StepMemory } from './learner.ts';

/** Looks at the observations of `rows` environments; with a memory where the net has a carry. */
type Look = (obs: Uint8Array | Float32Array, rows: number, memory?: StepMemory) => Record<string, Float32Array>;

/** What a net remembers of each environment, to be handed to every look. Null for feed-forward nets. */
export function stepMemory({ carrySize }: PolicyNet, envs: number): StepMemory | null {
  return carrySize > 0 ? { carry: new Float32Array(envs * carrySize), starts: new Uint8Array(envs).fill(1) } : null;
}

/** A copy, to be saved. */
export const copyMemory = (memory: StepMemory | null): StepMemory | null =>
  memory && { carry: memory.carry.slice(), starts: memory.starts.slice() };

/** Makes `memory` what was saved. */
export function loadMemory(memory: StepMemory | null, saved: StepMemory | null): void {
  if (!memory || !saved) return;
  memory.carry.set(saved.carry);
  memory.starts.set(saved.starts);
}

/** Marks the environments whose next observation begins an episode. */
export function noteStarts(memory: StepMemory | null, { terminated, truncated }: VecEnv): void {
  memory?.starts.forEach((_, e, starts) => (starts[e] = terminated[e] | truncated[e]));
}

/** A player that acts by the rule of a net. It draws from a stream of its own, and expects one environment's life. */
export function netPlayer(net: PolicyNet, look: Look, mode: ActingMode, seed: number | string): Player {
  const rng = createRng(seed, 'player');
  const rule = net.spec.acting ?? SOFTMAX_POLICY;
  let memory: StepMemory | null = null;
  return {
    act(env, out) {
      const { numEnvs, actions, legal, obs } = env;
      if (memory) noteStarts(memory, env);
      else memory = stepMemory(net, numEnvs);
      const scores = look(obs, numEnvs, memory ?? undefined)[rule.head];
      for (let e = 0; e < numEnvs; e++) out[e] = actRow(rule, mode, scores, e, actions.length, legal, rng);
    },
  };
}

/** Looks by plain inference, one environment after the other: for who has no engine. */
export function plainLook(net: PolicyNet, params: Params): Look {
  const size = net.obsShape.reduce((product, side) => product * side, 1);
  return (obs, rows, memory) => {
    const heads = net.spec.heads.map(({ name, axis }) => [name, new Float32Array(rows * axisSize(axis))] as const);
    for (let e = 0; e < rows; e++) {
      const carry = memory?.carry.subarray(e * net.carrySize, (e + 1) * net.carrySize);
      if (memory?.starts[e]) carry?.fill(0);
      const outputs = net.infer(params, obs.subarray(e * size, (e + 1) * size), carry);
      for (const [name, values] of heads) values.set(outputs[name], e * outputs[name].length);
    }
    return Object.fromEntries(heads);
  };
}
