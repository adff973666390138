/**
 * What a listing of many runs costs: `npx tsx bench/library-cost.ts [RUNS]`. A tenth of them is not finished; each has 20
 * evaluations and 3 checkpoints.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLibrary } from '../src/live/library.ts';

const LISTINGS = 4;
/** A listing is good for a second. */
const BETWEEN_MS = 1100;

const runs = Number(process.argv[2] ?? 1000);
const root = await mkdtemp(join(tmpdir(), 'ngplus-library-cost-'));
const rows = Array.from({ length: 20 }, (_, i) => JSON.stringify({ step: i * 50, mean: i }));
for (let i = 0; i < runs; i++) {
  const folder = join(root, `run-${i}`);
  await mkdir(join(folder, 'checkpoints'), { recursive: true });
  const config = { env: 'breakout', algorithm: 'ppo', seed: i, totalTimesteps: 1000 };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'evaluations.jsonl'), rows.join('\n'));
  for (const step of [0, 500, 1000])
    await writeFile(join(folder, 'checkpoints', `${String(step).padStart(12, '0')}.safetensors`), '');
  if (i % 10 > 0) await writeFile(join(folder, 'result.json'), '{}');
}
const library = openLibrary(root);
for (let i = 1; i <= LISTINGS; i++) {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const text = JSON.stringify(await library.list());
  const { user, system } = process.cpuUsage(before);
  const tookMs = performance.now() - startedMs;
  const [cpu, took, size] = [(user + system) / 1000, tookMs, text.length / 1000].map((value) => value.toFixed(0));
  console.log(`listing ${i} of ${runs} runs: ${cpu} ms of processor time, ${took} ms in all, ${size} kB`);
  await sleep(BETWEEN_MS);
}
await rm(root, { recursive: true });
