import { takenId, unknownValue, UserError } from '../core/errors.ts';
import { JOINT, joinMethods } from './compose.ts';
import { criticWarmup } from './critic-warmup.ts';
import { discriminative } from './discriminative.ts';
import { ewc } from './ewc.ts';
import { frozenThenFull } from './frozen-then-full.ts';
import { full } from './full.ts';
import { gradualUnfreezing } from './gradual-unfreezing.ts';
import { headOnly } from './head-only.ts';
import { jsrl } from './jsrl.ts';
import { kickstart } from './kickstart.ts';
import { l2Sp } from './l2-sp.ts';
import type { Method } from './method.ts';
import { progressive } from './progressive.ts';
import { qdagger } from './qdagger.ts';
import { shrinkAndPerturb } from './shrink-and-perturb.ts';

/** Every transfer method by id. A new one is a file and a line here. */
const methods = new Map<string, Method>();
const ours = [
  full,
  headOnly,
  frozenThenFull,
  gradualUnfreezing,
  discriminative,
  criticWarmup,
  l2Sp,
  shrinkAndPerturb,
  kickstart,
  qdagger,
  ewc,
  progressive,
  jsrl,
];
for (const method of ours) registerMethod(method as Method);

/** Adds a method, a user's own included. @throws UserError where its id is taken, or would be read as several */
export function registerMethod(method: Method): void {
  if (methods.has(method.id)) throw takenId('method', method.id, methodIds());
  if (method.id.includes(JOINT)) throw new UserError(`the method id "${method.id}" must not have a ${JOINT}`);
  methods.set(method.id, method);
}

export const methodIds = (): string[] => [...methods.keys()];

/** The ids, for help: also that several may be joined. */
export const methodWords = (): string => `${methodIds().join(', ')}; several joined by ${JOINT}`;

/**
 * The method with this id, or several as one: `discriminative+frozen-then-full`. @throws UserError for an unknown id, or
 * for methods that can't be joined
 */
export const findMethod = (ids: string): Method => joinMethods(ids.split(JOINT).map(findOne));

function findOne(id: string): Method {
  const method = methods.get(id);
  if (!method) throw new UserError(`${unknownValue('method', id, methodIds()).message}; several joined by ${JOINT}`);
  return method;
}
