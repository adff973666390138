import { takenId, unknownValue } from '../core/errors.ts';
import { actorMimic } from './actor-mimic.ts';
import type { Algorithm } from './algorithm.ts';
import { dqn } from './dqn.ts';
import { ppo } from './ppo.ts';
import { pqn } from './pqn.ts';

/** Every algorithm by id. A new one is a file and a line here. */
const algorithms = new Map<string, Algorithm>();
for (const algorithm of [ppo, pqn, dqn, actorMimic]) registerAlgorithm(algorithm as Algorithm);

/** Adds an algorithm, a user's own included. @throws UserError where its id is taken */
export function registerAlgorithm(algorithm: Algorithm): void {
  if (algorithms.has(algorithm.id)) throw takenId('algorithm', algorithm.id, [...algorithms.keys()]);
  algorithms.set(algorithm.id, algorithm);
}

/** Of those that learn by themselves, without teachers. */
export const algorithmIds = (): string[] =>
  [...algorithms.values()].filter(({ isTaught }) => !isTaught).map(({ id }) => id);

/** @throws UserError for an unknown id */
export function findAlgorithm(id: string): Algorithm {
  const algorithm = algorithms.get(id);
  if (!algorithm) throw unknownValue('algorithm', id, algorithmIds());
  return algorithm;
}
