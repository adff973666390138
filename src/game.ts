/** What a file of games, nets, algorithms or methods needs of `ngplus`; light enough for browsers. */
export * as z from 'zod';
export { type Algorithm, defineAlgorithm, NotFiniteError } from './agents/algorithm.ts';
export { createLearner, type Learner, type LearnerOptions, type Loss } from './agents/learner.ts';
export { UserError } from './core/errors.ts';
export {
  defineGame,
  type Feature,
  type Game,
  type Named,
  type ObservationSpec,
  ROLES,
  type Shape,
} from './core/game.ts';
export { createRng, type Rng } from './core/rng.ts';
export { conv2d, dense, flatten, type LayerBuilder, relu, sequential, tanh } from './nets/layers.ts';
export { defineNet, type Net } from './nets/net.ts';
export { defineMethod, type Method } from './transfer/method.ts';
