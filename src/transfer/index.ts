import { takenId, unknownValue } from '../core/errors.ts';
import { frozenThenFull } from './frozen-then-full.ts';
import { full } from './full.ts';
import { headOnly } from './head-only.ts';
import type { Method } from './method.ts';

/** Every transfer method by id. A new one is a file and a line here. */
const methods = new Map<string, Method>();
for (const method of [full, headOnly, frozenThenFull]) registerMethod(method as Method);

/** Adds a method, a user's own included. @throws UserError where its id is taken */
export function registerMethod(method: Method): void {
  if (methods.has(method.id)) throw takenId('method', method.id, methodIds());
  methods.set(method.id, method);
}

export const methodIds = (): string[] => [...methods.keys()];

/** @throws UserError for an unknown id */
export function findMethod(id: string): Method {
  const method = methods.get(id);
  if (!method) throw unknownValue('method', id, methodIds());
  return method;
}
