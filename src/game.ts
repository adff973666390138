/** What a file of games, nets, algorithms or methods needs of `ngplus`; light enough for browsers. */
export * as z from 'zod';
export { agentLearner, type Algorithm, defineAlgorithm } from './agents/algorithm.ts';
export { createLearner, createObserver, type Learner, type LearnerOptions, type Loss } from './agents/learner.ts';
export { onPolicyAgent, type OnPolicyConfig, type OnPolicyParts } from './agents/on-policy.ts';
export { NotFiniteError, UserError } from './core/errors.ts';
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
export { type ActingRule, epsilonGreedyRow, greedyRow, sampleRow } from './nets/acting.ts';
export { bidirectionalBlock, causalBlock, embedCells, meanTokens } from './nets/attention.ts';
export {
  conv2d,
  dense,
  flatten,
  type LayerBuilder,
  layerNorm,
  maxPool,
  relu,
  residual,
  sequential,
  tanh,
} from './nets/layers.ts';
export { defineNet, type Net } from './nets/net.ts';
export { gruLayer } from './nets/recurrent.ts';
export { taught } from './transfer/distill.ts';
export {
  type Boundary,
  defineMethod,
  type LearnerContext,
  type Method,
  type MethodContext,
} from './transfer/method.ts';
export { pulled } from './transfer/pull.ts';
