import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import type { CommandIo, Program } from '../../src/cli/flags.ts';
import { defineCommand, parseFlags, runCommand } from '../../src/cli/flags.ts';
import { StoppedError, UserError } from '../../src/core/errors.ts';

const options = z.object({
  env: z.string().describe('the game to learn, with its options: breakout?paddleWidth=2'),
  learningRate: z.number().positive().max(1).default(2.5e-3).describe('of Adam, at the start'),
  tensorboard: z.boolean().default(false).describe('also write TensorBoard event files'),
  anneal: z.boolean().default(true).describe('lower the learning rate linearly to 0'),
  seeds: z.array(z.int().min(0)).default([0]).describe('seeds'),
  backend: z.enum(['auto', 'tensorflow', 'wasm', 'cpu']).default('auto').describe('tensor backend'),
  aVeryLongOptionNameThatNeedsItsLine: z.string().optional().describe('text that is long enough to be wrapped too'),
});
const many = z.object({ target: z.string().default(''), sources: z.array(z.string()).min(1) });

const program: Program = {
  name: 'ngplus',
  version: '1.2.3',
  summary: 'transfer of game-playing policies',
  commands: [
    defineCommand({
      name: 'train',
      summary: 'learn a game from scratch',
      description: 'Trains an agent and leaves a run.',
      options,
      positionals: ['env'],
      examples: [['ngplus train breakout --seeds 1,2', 'learns breakout twice']],
      run({ options: { env, seeds, learningRate }, io }) {
        if (env === 'bug') throw new RangeError('oops');
        if (env === 'bad') throw new UserError('first line\n  second line');
        io.signal.throwIfAborted();
        io.stdout.write(`${env} ${seeds.join('+')} ${learningRate}\n`);
      },
    }),
    defineCommand({
      name: 'study',
      summary: 'compare',
      options: (given) =>
        z.object({
          method: z.string(),
          fast: z.boolean().default(false),
          ...(given('method') === 'soft' && { tau: z.number() }),
          ...(given('fast') === 'true' && { speed: z.number() }),
        }),
      positionals: ['method'],
      run: ({ options: chosen, io }) => void io.stdout.write(JSON.stringify(chosen)),
    }),
    defineCommand({
      name: 'study status',
      summary: 'how far it is',
      options: z.object({ folder: z.string() }),
      positionals: ['folder'],
      run: ({ options: { folder }, io }) => void io.stdout.write(`${folder} is done`),
    }),
  ],
};

async function run(line: string, signal = new AbortController().signal) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written): Writable =>
    new Writable({
      decodeStrings: false,
      write(chunk: string, _, done) {
        written[name] += chunk;
        done();
      },
    });
  const io: CommandIo = { stdout: stream('stdout'), stderr: stream('stderr'), env: {}, signal };
  const code = await runCommand(program, line === '' ? [] : line.split(' '), io);
  return { code, ...written };
}

describe('flags', () => {
  const parse = (line: string) => parseFlags(options, line.split(' '), ['env'], 'ngplus train');
  const defaults = {
    env: 'pong',
    learningRate: 0.0025,
    tensorboard: false,
    anneal: true,
    seeds: [0],
    backend: 'auto',
  };

  test.each<[string, object]>([
    ['pong', {}],
    ['--env pong', {}],
    ['--env=pong', {}],
    ['-- pong', {}],
    ['pong --learning-rate 0.001', { learningRate: 0.001 }],
    ['--learningRate=1e-3 pong', { learningRate: 0.001 }],
    ['pong --tensorboard', { tensorboard: true }],
    ['--tensorboard pong --no-tensorboard', {}],
    ['--tensorboard=true pong', { tensorboard: true }],
    ['--no-anneal pong', { anneal: false }],
    ['pong --seeds 1,2,3', { seeds: [1, 2, 3] }],
    ['--seeds 1 pong --seeds 2,3', { seeds: [1, 2, 3] }],
    ['pong --backend cpu --backend wasm', { backend: 'wasm' }],
  ])('%s', (line, expected) => {
    expect(parse(line)).toEqual({ ...defaults, ...expected });
  });

  test.each([
    ['--env pong pang', 'unexpected argument "pang"; usage: ngplus train <env> [options]'],
    ['--tensorboard', '<env> is missing; usage: ngplus train <env> [options]'],
    ['pong --seeds', '--seeds needs a value; valid: list of: whole number of at least 0'],
    ['pong --backend --tensorboard', '--backend needs a value; valid: auto, tensorflow, wasm, cpu'],
    ['pong --backend cud', '--backend: "cud" is not valid; valid: auto, tensorflow, wasm, cpu'],
    ['pong --learning-rate -1', '--learning-rate: "-1" is not valid; valid: number above 0, at most 1'],
    ['pong --no-seeds', 'unknown option "--no-seeds"'],
    ['pong --learnin-rate 1', 'unknown option "--learnin-rate" (did you mean "--learning-rate"?); valid: --env, '],
    ['pong -x', 'unknown option "-x"; valid: '],
    ['pong --tensorboard=often', '--tensorboard: "often" is not valid; valid: true or false'],
  ])('%s is refused: %s', (line, message) => {
    expect(() => parse(line)).toThrow(UserError);
    expect(() => parse(line)).toThrow(message);
  });

  it('give the places of the options named to the words left', () => {
    const read = (line: string) => parseFlags(many, line.split(' '), ['target', 'sources']);
    expect(read('t a b')).toEqual({ target: 't', sources: ['a', 'b'] });
    expect(read('--target t a b')).toEqual({ target: 't', sources: ['a', 'b'] });
    expect(() => read('t')).toThrow('<sources> is missing');
  });
});

describe('a program', () => {
  it('runs the command that is named', async () => {
    expect(await run('train pong --seeds 1,2')).toEqual({ code: 0, stdout: 'pong 1+2 0.0025\n', stderr: '' });
  });

  it('asks a command for its options when they depend on one', async () => {
    expect((await run('study --method=soft --tau 2')).stdout).toBe('{"method":"soft","fast":false,"tau":2}');
    expect((await run('study --method hard --tau 2')).stderr).toMatch(/^ngplus study: unknown option "--tau"/);
    expect((await run('study soft --tau 2')).stdout).toBe('{"method":"soft","fast":false,"tau":2}');
    expect((await run('study hard --fast --speed 2')).stdout).toBe('{"method":"hard","fast":true,"speed":2}');
    expect((await run('study hard --no-fast --speed 2')).stderr).toMatch(/^ngplus study: unknown option "--speed"/);
    expect((await run('help study')).stdout).not.toContain('--tau');
    expect((await run('study --help --method soft')).stdout).toContain('--tau <number>');
  });

  it('takes the longer one of two names that fit', async () => {
    expect((await run('study status runs/a')).stdout).toBe('runs/a is done');
    expect((await run('study status')).stderr).toBe(
      'ngplus study status: <folder> is missing; usage: ngplus study status <folder> [options]\n',
    );
    expect((await run('help study status')).stdout).toBe((await run('study status --help')).stdout);
    expect((await run('study stats')).stdout).toBe('{"method":"stats","fast":false}');
  });

  it('prints its version and its commands', async () => {
    expect(await run('--version')).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
    for (const line of ['', 'help', '--help', '-h']) {
      const { code, stdout } = await run(line);
      expect(code).toBe(0);
      expect(stdout).toContain('Usage: ngplus <command> [options]');
      expect(stdout).toContain('  train         learn a game from scratch\n  study         compare\n');
    }
  });

  it('explains a command in 80 columns', async () => {
    const { stdout, code } = await run('help train');
    expect(code).toBe(0);
    expect((await run('train --help')).stdout).toBe(stdout);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).toBe(`\
ngplus train: learn a game from scratch

Usage: ngplus train <env> [options]

Trains an agent and leaves a run.

Arguments (or by name, as options):
  env  the game to learn, with its options: breakout?paddleWidth=2 (required)

Options:
  --learning-rate <number>        of Adam, at the start (number above 0, at most
                                  1; default 0.0025)
  --tensorboard                   also write TensorBoard event files
  --[no-]anneal                   lower the learning rate linearly to 0 (default
                                  on)
  --seeds <number>                seeds (list of: whole number of at least 0;
                                  default 0)
  --backend <value>               tensor backend (auto, tensorflow, wasm, cpu;
                                  default auto)
  --a-very-long-option-name-that-needs-its-line <text>
                                  text that is long enough to be wrapped too
  -h, --help                      this text

Examples:
  ngplus train breakout --seeds 1,2
      learns breakout twice
`);
  });

  test.each<[string, number, RegExp]>([
    [
      'trian pong',
      2,
      /^ngplus: unknown command "trian" \(did you mean "train"\?\); valid: train, study, study status, help\n$/,
    ],
    ['--verbose', 2, /^ngplus: unknown option "--verbose"; valid: /],
    ['help nothing', 2, /^ngplus: unknown command "nothing"; valid: train, study, study status, help\n$/],
    ['train pong --gamma 1', 2, /^ngplus train: unknown option "--gamma"; [^\n]+\n$/],
    ['train bad', 2, /^ngplus train: first line second line\n$/],
    ['train bug', 1, /^ngplus train failed: RangeError: oops\n +at .*\n/],
  ])('"%s" ends with exit code %i', async (line, code, stderr) => {
    const result = await run(line);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(stderr);
  });

  it('ends with exit code 130 when stopped', async () => {
    const signal = AbortSignal.abort(new StoppedError());
    expect(await run('train pong', signal)).toEqual({
      code: 130,
      stdout: '',
      stderr: 'ngplus train: stopped; the same command goes on from here\n',
    });
  });
});

describe('a process', () => {
  const flags = JSON.stringify(new URL('../../src/cli/flags.ts', import.meta.url).href);
  const nodeArgs = (script: string) => ['--import', 'tsx', '--input-type=module', '-e', script];
  /** A command that waits for the signal, then takes 200 ms to save, unless it never comes to an end. */
  const waiting = (saves: boolean) => `
import { processIo, runCommand } from ${flags};
import { z } from 'zod';
const run = async ({ io }) => {
  setInterval(() => undefined, 1000);
  console.log('ready');
  await new Promise((resolve) => io.signal.addEventListener('abort', resolve));
  console.log('saving');
  await new Promise((resolve) => ${saves} && setTimeout(resolve, 200));
  console.log('saved');
  io.signal.throwIfAborted();
};
const commands = [{ name: 'wait', summary: '', options: z.object({}), run }];
process.exit(await runCommand({ name: 'ngplus', version: '', summary: '', commands }, ['wait'], processIo()));`;

  async function interrupt(script: string, signals: readonly NodeJS.Signals[]) {
    const child = spawn(process.execPath, nodeArgs(script), { stdio: 'pipe' });
    let output = '';
    child.stderr.on('data', (chunk) => (output += chunk));
    const left = [...signals];
    child.stdout.on('data', (chunk) => {
      output += chunk;
      // One signal for each line that the command says.
      const signal = left.shift();
      if (signal !== undefined) child.kill(signal);
    });
    const [code] = await once(child, 'close');
    return { code, output };
  }

  it('saves on SIGINT or SIGTERM and ends with 130', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { code, output } = await interrupt(waiting(true), [signal]);
      expect({ code, output }).toEqual({
        code: 130,
        output: 'ready\nsaving\nsaved\nngplus wait: stopped; the same command goes on from here\n',
      });
    }
  });

  it('ends at once on the second SIGINT', async () => {
    expect(await interrupt(waiting(false), ['SIGINT', 'SIGINT'])).toEqual({ code: 130, output: 'ready\nsaving\n' });
  });

  it('ends quietly when the reader of its output goes away', () => {
    const script = `
import { processIo } from ${flags};
const { stdout } = processIo();
setInterval(() => stdout.write('line\\n'.repeat(10_000)), 1);`;
    const args = ['-o', 'pipefail', '-c', '"$0" "$@" | head -n 1', process.execPath, ...nodeArgs(script)];
    expect(spawnSync('bash', args, { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: 'line\n', stderr: '' });
  });
});
