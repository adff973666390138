import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { predictSource } from '../../src/exec/predict-source.ts';
import { readPolicy, similarity } from '../../src/exec/similarity.ts';
import { buildPolicyNet } from '../../src/nets/policy-net.ts';
import { encodeCheckpoint } from '../../src/runs/checkpoint.ts';
import { emptyFolder } from '../e2e/processes.ts';

/** A file with the net of a policy of ours, its parameters fresh. */
async function freshTwin(of: string): Promise<string> {
  const { spec, env } = await readPolicy(of);
  const net = buildPolicyNet(spec);
  const file = join(emptyFolder(), 'fresh.safetensors');
  writeFileSync(file, encodeCheckpoint(net, net.init(1), { env, gameRevision: 1, algorithm: 'ppo', step: 0, seed: 1 }));
  return file;
}

describe('similarity', () => {
  it('is 1 between a net and itself at every stage', async () => {
    const { env, stages } = await similarity({ a: 'zoo:breakout', b: 'zoo:breakout', observations: 100 });
    expect(env).toBe('breakout');
    expect(stages.map(({ stage }) => stage)).toEqual(['stem', 'trunk/0', 'heads/policy', 'heads/value']);
    for (const { random, a } of stages) for (const cka of [random, a]) expect(cka).toBeCloseTo(1, 6);
  });

  it('is lower between a trained net and a fresh one, least where they act', async () => {
    const { stages } = await similarity({ a: 'zoo:breakout', b: await freshTwin('zoo:breakout'), observations: 400 });
    const [stem, trunk, policy] = stages.map(({ a }) => a as number);
    expect(stem).toBeLessThan(0.95);
    expect(trunk).toBeLessThan(stem);
    expect(policy).toBeLessThan(trunk);
  });

  it('depends on the seed alone', async () => {
    const ask = (seed: number) =>
      similarity({ a: 'zoo:freeway', b: 'zoo:asterix', env: 'asterix', observations: 60, seed });
    const [first, again, other] = [await ask(3), await ask(3), await ask(4)];
    expect(again).toEqual(first);
    expect(other.stages).not.toEqual(first.stages);
  });
});

it('a policy of the target itself is the source that plays it best untrained', async () => {
  const ranked = await predictSource({ target: 'freeway', sources: ['zoo:asterix', 'zoo:freeway'], episodes: 2 });
  const zeroShot = new Map(ranked.map(({ source, signals }) => [source, signals.zeroShot]));
  expect(zeroShot.get('zoo:freeway')).toBeGreaterThan(20);
  expect(zeroShot.get('zoo:asterix')).toBeLessThan(10);
  expect(ranked.find(({ source }) => source === 'zoo:freeway')?.signals).toMatchObject({
    channels: 1,
    actions: 1,
    copied: 1,
  });
});
