import type { Settings } from './experiment.ts';
import { PAIRS } from './pairs.ts';

/** As `ngplus demo` trains. */
const STEPS = 61_440;
const EVALUATIONS = 10;
const EPISODES = 30;

/**
 * What an address asks for: `?seed=3&pair=1&steps=4096&evaluations=2&episodes=5&kernels=simd`. What it leaves out or gets
 * wrong is as `ngplus demo` has it.
 */
export function settingsOf(query: URLSearchParams): Settings {
  const number = (name: string, standard: number, least: number, most: number): number => {
    const text = query.get(name) ?? '';
    const value = /^\d{1,9}$/.test(text) ? Number(text) : standard;
    return value >= least && value <= most ? value : standard;
  };
  const { source, target } = PAIRS[number('pair', 0, 0, PAIRS.length - 1)];
  return {
    source,
    target,
    seed: number('seed', 0, 0, 9999),
    steps: number('steps', STEPS, 1, 10_000_000),
    evaluations: number('evaluations', EVALUATIONS, 1, 100),
    evaluationEpisodes: number('episodes', EPISODES, 1, 1000),
    plain: query.get('kernels') === 'simd',
  };
}
