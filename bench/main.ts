/**
 * `npm run bench`: measures ours side by side with the peers in one run, prints the table, and writes
 * docs/performance.json and docs/performance.md. Linux (it uses taskset and /proc).
 *
 *     npm run bench                      everything; the peers are installed on the first run
 *     npm run bench -- --no-peers        ours alone
 *     npm run bench -- --only ppo,env    some groups of rows: env, train, ppo, memory, start, curves; writes no files
 *     npm run bench -- --seconds 2 --windows 3
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Command, type Contender, startContender } from './contender.ts';
import { preparePeers } from './peers.ts';
import { CURVES, PROCESSES, type Row, ROWS } from './rows.ts';
import { type Curve, markdown, median, rangeOf, type Report, type Result, textTable } from './table.ts';

const GROUPS = ['env', 'train', 'ppo', 'memory', 'start', 'curves'];
const { values: options } = parseArgs({
  options: {
    peers: { type: 'boolean', default: true },
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '3' },
    windows: { type: 'string', default: '7' },
  },
  allowNegative: true,
});
const root = fileURLToPath(new URL('..', import.meta.url));
const seconds = positive('seconds', options.seconds);
const windows = positive('windows', options.windows);
const only = options.only === '' ? GROUPS : options.only.split(',');
for (const group of only) {
  if (!GROUPS.includes(group)) fail(`--only: unknown group "${group}"; valid: ${GROUPS.join(', ')}`);
}

const python = options.peers ? preparePeers() : null;
const left: string[] = [];
const results: Result[] = [];
for (const row of ROWS.filter(({ group }) => only.includes(group))) {
  console.log(`${row.name}, ${row.cores} core${row.cores > 1 ? 's' : ''} …`);
  const result = await measure(row).catch((error: Error) => void left.push(`${row.name} (${error.message})`));
  if (result) results.push(result);
}
if (only.includes('start')) results.push(await startUp());
const peak = only.includes('curves') ? await alone({ kind: 'ngplus', args: ['peak'] }) : null;
const curves = peak === null ? [] : [...(await growth(peak)), await processes()];

const report: Report = {
  command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} cores (${cpus()[0].model})`,
  versions: `Node ${process.versions.node}`,
  windows,
  seconds,
  peak,
  rows: results,
  curves,
  left,
};
console.log(`\n${textTable(results)}`);
for (const line of left) console.log(`not run: ${line}`);
if (options.only === '' && options.peers) {
  writeFileSync(join(root, 'docs/performance.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(root, 'docs/performance.md'), markdown(report));
  console.log('wrote docs/performance.json and docs/performance.md');
} else if (curves.length > 0) console.log(markdown(report));
process.exit();

async function measure(row: Row): Promise<Result> {
  const ours = await startContender(row.ours, row.cores, python);
  const started: Contender[] = [ours];
  try {
    const peer = python === null ? null : await fastest(row, started);
    const rates: { ours: number; peer: number | null }[] = [];
    for (let window = 0; window < windows; window++) {
      rates.push({ ours: await ours.rate(seconds), peer: peer && (await peer.rate(seconds)) });
    }
    return resultOf(row, row.measure === 'rate' ? rates : [memoryOf(ours, peer)], peer);
  } finally {
    for (const contender of started) contender.stop();
  }
}

function memoryOf(ours: Contender, peer: Contender | null): { ours: number; peer: number | null } {
  return { ours: ours.peakMemoryMb(), peer: peer && peer.peakMemoryMb() };
}

/** The peer that a first window shows to be the fastest; the others are stopped. */
async function fastest({ peers, cores }: Row, started: Contender[]): Promise<Contender> {
  let best: { contender: Contender; rate: number } | null = null;
  for (const command of peers) {
    const contender = await startContender(command, cores, python);
    started.push(contender);
    const rate = peers.length === 1 ? 0 : await contender.rate(seconds);
    if (best !== null && best.rate >= rate) {
      contender.stop();
      continue;
    }
    best?.contender.stop();
    best = { contender, rate };
  }
  return best!.contender;
}

function resultOf(row: Row, rates: { ours: number; peer: number | null }[], peer: Contender | null): Result {
  const ours = rates.map((pair) => pair.ours);
  const peers = rates.map((pair) => pair.peer).filter((rate) => rate !== null);
  const ratios = peers.map((rate, i) => ours[i] / rate);
  const has = peers.length > 0;
  return {
    name: row.name,
    ours: median(ours),
    oursRange: rangeOf(ours),
    peer: has ? median(peers) : null,
    peerRange: has ? rangeOf(peers) : null,
    peerName: peer?.name ?? '',
    ratio: has ? median(ratios) : null,
    ratioRange: has ? rangeOf(ratios) : null,
    target: row.target,
    atMost: row.measure === 'memory',
    unit: row.unit,
    cores: row.cores,
  };
}

/** Seconds from `ngplus train breakout` to the progress line of its first update, in a terminal. */
async function startUp(): Promise<Result> {
  const times: number[] = [];
  for (let window = 0; window < windows; window++) times.push(await firstUpdate());
  return {
    name: 'ngplus train breakout, from the command to the end of the first update',
    ours: median(times),
    oursRange: rangeOf(times),
    peer: 1,
    peerRange: [1, 1],
    peerName: 's, the limit set',
    ratio: median(times),
    ratioRange: rangeOf(times),
    target: 1,
    atMost: true,
    unit: 's',
    cores: cpus().length,
  };
}

async function firstUpdate(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ngplus-bench-'));
  const command = `exec ${process.execPath} ${join(root, 'dist/cli/main.js')} train breakout --folder ${folder}`;
  const start = performance.now();
  // Ten updates: the first makes it 10 %.
  const child = spawn('script', ['-qec', `stty cols 100 rows 30; ${command} --total-timesteps 81920`, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise<void>((resolve) => child.stdout.on('data', (data) => / 10%/.test(String(data)) && resolve()));
  const seconds = (performance.now() - start) / 1000;
  child.kill();
  await once(child, 'exit');
  rmSync(folder, { recursive: true, force: true });
  return seconds;
}

async function alone(command: Command): Promise<number> {
  const contender = await startContender(command, 1, python);
  const rates: number[] = [];
  for (let window = 0; window < Math.min(3, windows); window++) rates.push(await contender.rate(seconds));
  contender.stop();
  return median(rates);
}

/** Multiply-adds of an env step of `ppo …` on breakout's 10 x 10 x 4 board: one pass to act, four epochs of three to learn. */
function multiplyAdds([, , , net, , units]: readonly string[]): number {
  const width = Number(units);
  const [first, rest] = net === 'conv' ? [64 * 36 * 16, 64 * 16 * width] : [400 * width, width * width];
  const pass = first + rest + 7 * width;
  // The first layer has no input gradient.
  return pass + 4 * (3 * pass - first);
}

async function growth(peakRate: number): Promise<Curve[]> {
  const grown: Curve[] = [];
  for (const { name, size, points } of CURVES) {
    console.log(`${name} …`);
    const measured: { at: number; rate: number; share: number }[] = [];
    for (const { at, command } of points) {
      const rate = await alone(command);
      measured.push({ at, rate, share: (rate * multiplyAdds(command.args)) / peakRate });
    }
    grown.push({ name, size, points: measured });
  }
  return grown;
}

/** The rate of all together. */
async function processes(): Promise<Curve> {
  console.log('processes …');
  const points: { at: number; rate: number; share: null }[] = [];
  for (const at of PROCESSES.counts) {
    const contenders = await Promise.all(
      Array.from({ length: at }, () => startContender(PROCESSES.command, cpus().length, python)),
    );
    const rates = await Promise.all(contenders.map((contender) => contender.rate(3 * seconds)));
    for (const contender of contenders) contender.stop();
    points.push({ at, rate: rates.reduce((a, b) => a + b, 0), share: null });
  }
  return { name: 'PPO conv16-fc128, training processes side by side, all together', size: 'processes', points };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) fail(`--${name}: "${text}" is not valid; valid: a number above 0`);
  return value;
}

function fail(message: string): never {
  console.error(`bench: ${message}`);
  process.exit(2);
}
