import type { Command } from './contender.ts';

/** One comparison: ours against a peer, with the ratio to reach. */
export interface Row {
  readonly name: string;
  /** What `--only` selects by. */
  readonly group: 'env' | 'train' | 'ppo' | 'memory' | 'start';
  readonly measure: 'rate' | 'memory';
  readonly ours: Command;
  /** Where there are several, the fastest of a first window is the peer. */
  readonly peers: readonly Command[];
  /** Of ours / peer: at least this for rates, at most this for memory. */
  readonly target: number;
  readonly unit: string;
  readonly cores: number;
}

const ngplus = (...args: string[]): Command => ({ kind: 'ngplus', args });
const python = (...args: string[]): Command => ({ kind: 'python', args });
/** XLA has threads of its own besides those that the affinity counts. */
const onOneCore = (...args: string[]): Command => ({
  kind: 'python',
  args,
  env: { XLA_FLAGS: '--xla_cpu_multi_thread_eigen=false' },
});

const GAMES = [
  ['breakout', 'breakout'],
  ['asterix', 'asterix'],
  ['freeway', 'freeway'],
  ['seaquest', 'seaquest'],
  ['space-invaders', 'space_invaders'],
];

const PPO_CONV = ['conv', '64', '128'];
const sb3 = (cores: number) => python('ppo_sb3.py', String(cores));

export const ROWS: readonly Row[] = [
  {
    name: 'env steps, breakout, against gymnax at its best batch',
    group: 'env',
    measure: 'rate',
    ours: ngplus('env', 'breakout', '256'),
    peers: ['64', '256', '1024', '4096'].map((numEnvs) => onOneCore('env_gymnax.py', numEnvs)),
    target: 1.5,
    unit: 'steps/s',
    cores: 1,
  },
  ...GAMES.map(([ours, theirs]): Row => ({
    name: `env steps, ${ours}`,
    group: 'env',
    measure: 'rate',
    ours: ngplus('env', ours, '256'),
    peers: [python('env_minatar.py', theirs)],
    target: 10,
    unit: 'steps/s',
    cores: 1,
  })),
  ...(
    [
      ['wasm', '256', 1.1],
      ['wasm', '1024', 1],
      ['tensorflow', '1024', 1.2],
    ] as const
  ).map(([backend, batch, target]): Row => ({
    name: `training the reference net, ${backend}, minibatch ${batch}`,
    group: 'train',
    measure: 'rate',
    ours: ngplus('train', backend, batch),
    peers: ['contiguous', 'channels_last'].map((layout) => python('train_torch.py', batch, layout)),
    target,
    unit: 'samples/s',
    cores: 1,
  })),
  ...[1, 2].map((cores): Row => ({
    name: `PPO, conv16-fc128, breakout`,
    group: 'ppo',
    measure: 'rate',
    ours: ngplus('ppo', 'wasm', String(cores), ...PPO_CONV),
    // With a small net torch may well be faster on one thread, also where it has two cores.
    peers: cores === 1 ? [sb3(1)] : [sb3(1), sb3(cores)],
    target: cores === 1 ? 1.25 : 2.2,
    unit: 'steps/s',
    cores,
  })),
  {
    name: 'PPO, mlp 64-64, breakout',
    group: 'ppo',
    measure: 'rate',
    ours: ngplus('ppo', 'wasm', '1', 'mlp', '64', '64'),
    peers: [onOneCore('ppo_rejax.py')],
    target: 1.2,
    unit: 'steps/s',
    cores: 1,
  },
  {
    name: 'peak memory of a PPO training',
    group: 'memory',
    measure: 'memory',
    ours: ngplus('ppo', 'wasm', '1', ...PPO_CONV),
    peers: [sb3(1)],
    target: 0.3,
    unit: 'MB',
    cores: 1,
  },
];

/** How cost grows: our PPO's rate as one size grows. */
export const CURVES: readonly { name: string; size: string; points: readonly { at: number; command: Command }[] }[] = [
  {
    name: 'PPO conv16-fc128, environments',
    size: 'envs',
    points: [16, 32, 64, 128, 256, 1024, 4096].map((at) => ({
      at,
      command: ngplus('ppo', 'wasm', '1', 'conv', String(at), '128'),
    })),
  },
  {
    name: 'PPO conv, units of the dense layer, 64 environments',
    size: 'units',
    points: [32, 64, 128, 256, 512, 1024].map((at) => ({
      at,
      command: ngplus('ppo', 'wasm', '1', 'conv', '64', String(at)),
    })),
  },
  {
    name: 'PPO mlp of two layers, units of each, 64 environments',
    size: 'units',
    points: [32, 64, 128, 256, 512].map((at) => ({
      at,
      command: ngplus('ppo', 'wasm', '1', 'mlp', '64', String(at)),
    })),
  },
];
/** Trainings side by side, a process each: what a study does on a machine. */
export const PROCESSES = { counts: [1, 2, 3, 4], command: ngplus('ppo', 'wasm', '1', ...PPO_CONV) };
