// How fast the reference net trains, in samples per second of processor time: each backend given, and torch on one
// thread.
//   npx tsx bench/train-speed.ts [--backends wasm,cpu] [--python PATH] [--seconds 2] [--windows 5]
// --python is a Python with torch. Processor time is what a process was given of a busy machine (on a quiet core it
// equals the time on the clock); windows of all contenders alternate, so that the rest slows them alike. Trust the
// ratios more than the figures.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadEngine } from '../src/engine/index.ts';
import type { BackendName, Engine } from '../src/engine/types.ts';
import { makeBatch, referenceNet } from './reference-net.ts';

const BATCHES = [256, 1024];

/** Trains for a window of time at a batch size; gives samples per second. */
interface Contender {
  name: string;
  train(batch: number, seconds: number): Promise<number>;
  stop(): void;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function engineContender({ tf, backend, ...engine }: Engine): Contender {
  const updates = new Map<number, () => number>();
  const prepare = (batch: number) => {
    const net = referenceNet({ tf, backend, ...engine });
    const samples = makeBatch(tf, batch);
    return () => net.update(samples);
  };
  return {
    name: `${backend} (${engine.kernels})`,
    async train(batch, seconds) {
      await tf.setBackend(backend);
      const update = updates.get(batch) ?? prepare(batch);
      updates.set(batch, update);
      for (let i = 0; i < 3; i++) update();
      const start = cpuSeconds();
      let count = 0;
      while (cpuSeconds() - start < seconds) {
        update();
        count++;
      }
      return (count * batch) / (cpuSeconds() - start);
    },
    stop() {},
  };
}

async function torchContender(python: string): Promise<Contender> {
  const script = fileURLToPath(new URL('torch_reference.py', import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${python} ended without an answer: has it torch?`);
    return value as string;
  };
  return {
    name: `torch ${await answer()}, 1 thread`,
    async train(batch, seconds) {
      child.stdin.write(`${batch} ${seconds}\n`);
      return Number(await answer());
    },
    stop: () => child.stdin.end(),
  };
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];
const thousands = (value: number): string => (value / 1000).toFixed(1).padStart(6);

const { values: options } = parseArgs({
  options: {
    backends: { type: 'string', default: 'wasm' },
    python: { type: 'string' },
    seconds: { type: 'string', default: '2' },
    windows: { type: 'string', default: '5' },
  },
});

const contenders: Contender[] = [];
for (const name of options.backends.split(',')) contenders.push(engineContender(await loadEngine(name as BackendName)));
if (options.python !== undefined) contenders.push(await torchContender(options.python));

for (const batch of BATCHES) {
  const speeds = contenders.map((): number[] => []);
  for (let window = 0; window < Number(options.windows); window++) {
    for (const [i, contender] of contenders.entries()) {
      speeds[i].push(await contender.train(batch, Number(options.seconds)));
    }
  }
  console.log(`batch ${batch}, thousand samples per processor second: median (lowest – highest), ratio to the last`);
  contenders.forEach(({ name }, i) => {
    const range = `(${thousands(Math.min(...speeds[i]))} – ${thousands(Math.max(...speeds[i]))})`;
    // The ratio of each pair of neighbouring windows: what the machine did meanwhile cancels out.
    const ratio = median(speeds[i].map((speed, window) => speed / speeds.at(-1)![window]));
    console.log(`  ${name.padEnd(28)} ${thousands(median(speeds[i]))} ${range}  ${ratio.toFixed(2)}`);
  });
}
for (const contender of contenders) contender.stop();
