import * as z from 'zod';
import { UserError } from '../core/errors.ts';
import type { Method } from './method.ts';

/** Joins the ids of methods that are used together: `frozen-then-full+l2-sp`. */
export const JOINT = '+';

/**
 * Several methods as one: shares of the learning rate multiplied, words joined, options of all; what they make of start,
 * learner and environments is made in their order. None knows of the others.
 * @throws UserError where two have an option of the same name
 */
export function joinMethods(methods: readonly Method[]): Method {
  const [first, ...others] = methods;
  return others.reduce(joinTwo, first);
}

function joinTwo(a: Method, b: Method): Method {
  const clash = Object.keys(b.schema.shape).find((name) => name in a.schema.shape);
  if (clash !== undefined) throw new UserError(`${a.id} and ${b.id} can't be joined: both have the option ${clash}`);
  return {
    id: `${a.id}${JOINT}${b.id}`,
    summary: `${a.summary}; ${b.summary}`,
    schema: z.object({ ...a.schema.shape, ...b.schema.shape }),
    scale: (...place) => a.scale(...place) * b.scale(...place),
    describe: (...place) => joinWords([a.describe(...place), b.describe(...place)]),
    ...checkOf(a, b),
    ...startOf(a, b),
    ...learnerOf(a, b),
    ...envOf(a, b),
  };
}

function checkOf({ check: first }: Method, { check: second }: Method): Pick<Method, 'check'> {
  if (!first || !second) return { check: first ?? second };
  return {
    check(net, context) {
      first(net, context);
      second(net, context);
    },
  };
}

function startOf({ start: first }: Method, { start: second }: Method): Pick<Method, 'start'> {
  if (!first || !second) return { start: first ?? second };
  return { start: (config, boundary) => second(config, { ...boundary, params: first(config, boundary) }) };
}

function learnerOf({ learner: first }: Method, { learner: second }: Method): Pick<Method, 'learner'> {
  if (!first || !second) return { learner: first ?? second };
  return { learner: (config, inner, context) => second(config, first(config, inner, context), context) };
}

function envOf({ env: first }: Method, { env: second }: Method): Pick<Method, 'env'> {
  if (!first || !second) return { env: first ?? second };
  return { env: (config, inner, context) => second(config, first(config, inner, context), context) };
}

/** How a stage is trained, in words from several sides, rates first, as one: `frozen until step 20, learning rate x 0.5`. */
export function joinWords(texts: readonly string[]): string {
  const clauses = texts.flatMap((text) => text.split(', '));
  if (clauses.includes('frozen')) return 'frozen';
  const shares = clauses.flatMap((clause) => (clause.startsWith(RATE) ? Number(clause.slice(RATE.length)) : []));
  const share = shares.reduce((product, each) => product * each, 1);
  const schedules = clauses.filter((clause) => clause.startsWith('frozen'));
  const others = clauses.filter((clause) => !clause.startsWith(RATE) && !clause.startsWith('frozen'));
  const rate = share === 1 && schedules.length > 0 ? [] : [`${RATE}${Number(share.toPrecision(3))}`];
  return [...schedules, ...rate, ...others].join(', ');
}

/** With a number behind it. */
const RATE = 'learning rate x ';
