import { afterEach, describe, expect, test } from 'vitest';
import { type Contender, startContender } from '../../bench/contender.ts';
import { ROWS } from '../../bench/rows.ts';

// taskset and /proc
describe.skipIf(process.platform !== 'linux')('a contender', () => {
  const started: Contender[] = [];
  afterEach(() => started.splice(0).forEach((contender) => contender.stop()));
  const start = async (...args: string[]): Promise<Contender> => {
    const contender = await startContender({ kind: 'ngplus', args }, 1, null);
    started.push(contender);
    return contender;
  };

  test.each([['env', 'cartpole', '16'], ['train', 'wasm', '32'], ['ppo', 'wasm', '1', 'conv', '4', '32'], ['peak']])(
    'of ours answers each window with a rate (%s)',
    async (...args) => {
      const contender = await start(...args);
      expect(contender.name).toContain('ngplus');
      for (let window = 0; window < 2; window++) expect(await contender.rate(0.1)).toBeGreaterThan(0);
      expect(contender.peakMemoryMb()).toBeGreaterThan(10);
    },
  );

  test('that fails says why', async () => {
    await expect(start('env', 'pong', '16')).rejects.toThrow('unknown game "pong"');
  });
});

test('every row has a name of its own for its cores, a peer and a target', () => {
  const names = ROWS.map(({ name, cores }) => `${name} ${cores}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { peers, target } of ROWS) {
    expect(peers.length).toBeGreaterThan(0);
    expect(target).toBeGreaterThan(0);
  }
});
