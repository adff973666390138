import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { importViolations, readSources } from '../scripts/check-imports.ts';

test('nothing in src and web breaks the import table', () => {
  const sources = readSources(fileURLToPath(new URL('..', import.meta.url)));
  expect(sources.size).toBeGreaterThan(50);
  expect(importViolations(sources)).toEqual([]);
});

describe('the checker', () => {
  const check = (sources: Record<string, string>): string[] => importViolations(new Map(Object.entries(sources)));

  it('lets through what the table allows', () => {
    const allowed = {
      'src/core/rng.ts': `import seedrandom from 'seedrandom'; export const a = 1;`,
      'src/envs/pong.ts': `import type { Rng } from '../core/rng.ts'; import './breakout.ts';`,
      'src/envs/breakout.ts': '',
      'src/engine/index.ts': `import { readFileSync } from 'node:fs'; const tf = await import('../core/rng.ts');`,
      'src/cli/main.ts': `export * from '../exec/threads.ts';`,
      'src/exec/threads.ts': `import { Worker } from 'node:worker_threads';`,
      'src/play.ts': `import { a } from './runs/checkpoint.ts'; const text = "import '../cli/main.ts'";`,
      'src/runs/checkpoint.ts': `import type { WriteStream } from 'node:fs'; // import '../cli/main.ts'`,
      'web/vite.config.ts': `import path from 'node:path';`,
      'web/main.ts': `import { r } from '../src/core/rng.ts'; import data from './data.json';`,
    };
    expect(check(allowed)).toEqual([]);
  });

  test.each<[string, Record<string, string>, string]>([
    [
      'an import upwards',
      { 'src/core/rng.ts': `import { pong } from '../envs/pong.ts';` },
      'src/core/rng.ts imports src/envs/pong.ts; core may import: nothing of ours',
    ],
    [
      'an import of types upwards',
      { 'src/agents/ppo.ts': `import type { Pong } from '../envs/pong.ts';` },
      'src/agents/ppo.ts imports src/envs/pong.ts; agents may import: core, engine, nets',
    ],
    [
      'an export from elsewhere',
      { 'src/stats/iqm.ts': `export { a } from '../runs/run.ts';` },
      'src/stats/iqm.ts imports src/runs/run.ts; stats may import: core',
    ],
    [
      'a dynamic import',
      { 'src/nets/conv.ts': `const { a } = await import('../agents/ppo.ts');` },
      'src/nets/conv.ts imports src/agents/ppo.ts; nets may import: core, engine',
    ],
    [
      'the page, from src',
      { 'src/live/server.ts': `import '../../web/main.ts';` },
      'src/live/server.ts imports web/main.ts; live may import: ',
    ],
    ["Node's modules", { 'src/transfer/plan.ts': `import 'node:fs';` }, 'src/transfer/plan.ts uses node:fs, which '],
    [
      'a folder that is not in the table',
      { 'src/utils/x.ts': `import './y.ts';` },
      '"utils" is not in the import table',
    ],
    [
      'Node in a browser, far down',
      {
        'src/play.ts': `import './runs/checkpoint.ts';`,
        'src/runs/checkpoint.ts': `export * from './store.ts';`,
        'src/runs/store.ts': `import { type Dirent, open } from 'node:fs';`,
      },
      "browsers can't load node:fs: src/play.ts → src/runs/checkpoint.ts → src/runs/store.ts",
    ],
    [
      'a circle',
      {
        'src/core/a.ts': `import './b.ts';`,
        'src/core/b.ts': `import type { C } from './c.ts';`,
        'src/core/c.ts': `import './b.ts';`,
      },
      'circular imports: src/core/b.ts → src/core/c.ts → src/core/b.ts',
    ],
  ])('finds %s', (_, sources, violation) => {
    const found = check(sources);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(violation);
  });
});
