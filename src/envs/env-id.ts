import * as z from 'zod';
import { UserError, unknownValue } from '../core/errors.ts';
import type { Game, Named, ObservationSpec, VariantSchema } from '../core/game.ts';
import { oncePer } from '../core/memo.ts';
import { canonicalGame } from './canonical.ts';

/** A game with all its options settled: what an env id stands for. */
export interface EnvSpec {
  /** The canonical id: only options that are not the default, in a fixed order. Equal ids mean equal environments. */
  readonly id: string;
  /** As it is seen: on canonical planes, where they were asked for. */
  readonly game: Game;
  readonly variant: Record<string, unknown>;
  /** Probability that the previous action replaces the chosen one. */
  readonly sticky: number;
  readonly actions: 'all' | 'minimal';
  /** Time limit in steps; 0 is none. */
  readonly maxSteps: number;
  /** `sfc32`: a stream for each episode. `mt19937`: one generator for each environment, as Python's MinAtar has it. */
  readonly rng: 'sfc32' | 'mt19937';
  readonly observation: ObservationSpec;
  /** The actions on offer. */
  readonly actionSet: readonly Named[];
  /** For each action on offer, its index into the game's actions. */
  readonly actionIndices: readonly number[];
}

/** An option of an env id, as its schema declares it. */
export interface OptionField {
  readonly name: string;
  readonly description: string;
  readonly default: unknown;
  /** What it may be, in words: `whole number from 1 to 5`. */
  readonly range: string;
  /** The type and bounds behind `range`, for forms and tests. */
  readonly type: 'integer' | 'number' | 'boolean' | 'string';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly values?: readonly string[];
}

/** The options every game has; their defaults are the game's. */
const wrapperSchema = oncePer((game: Game) =>
  z.object({
    sticky: z
      .number()
      .min(0)
      .max(1)
      .default(game.sticky ?? 0)
      .describe('probability that the previous action is repeated'),
    actions: z.enum(['all', 'minimal']).default('all').describe('offer all actions, or only those that do something'),
    maxSteps: z
      .int()
      .min(0)
      .default(game.maxSteps ?? 0)
      .describe('time limit in steps (a truncation), 0 for none'),
    rng: z
      .enum(['sfc32', 'mt19937'])
      .default('sfc32')
      .describe('generator: a stream for each episode, or one for each environment as in Python'),
    observation: z
      .enum(['own', 'canonical'])
      .default('own')
      .describe("what is seen: the game's own planes, or a plane for each role, the same in every game"),
  }),
);

/** The parameters of a game's variants. */
export const variantFields = (game: Game): readonly OptionField[] => optionFields(game.variants);

/** The options every game has, with this game's defaults. */
export const wrapperFields = (game: Game): readonly OptionField[] => optionFields(wrapperSchema(game));

/** Names of variant parameters that hide an option every game has. */
export const optionClashes = (game: Game): string[] => {
  const reserved = Object.keys(wrapperSchema(game).shape);
  return Object.keys(game.variants.shape).filter((name) => reserved.includes(name));
};

/** The game with this id among `games`; throws a UserError that lists them. */
export function findGame(id: string, games: readonly Game[]): Game {
  const game = games.find((candidate) => candidate.id === id);
  if (game === undefined) {
    throw unknownValue(
      'game',
      id,
      games.map((candidate) => candidate.id),
    );
  }
  return game;
}

/**
 * Reads an env id: a game's id, then options as in a query string, `breakout?paddleWidth=2&sticky=0&actions=minimal`.
 * Throws a UserError that names the bad part and the valid ones.
 */
export function parseEnvId(text: string, games: readonly Game[]): EnvSpec {
  const mark = text.indexOf('?');
  const game = findGame(mark < 0 ? text : text.slice(0, mark), games);
  return envSpec(game, parseOptions(game, mark < 0 ? '' : text.slice(mark + 1)));
}

/** The environment of a game with these options (those left out have their defaults). Throws a UserError. */
export function envSpec(game: Game, options: Readonly<Record<string, unknown>> = {}): EnvSpec {
  const schema = wrapperSchema(game);
  const isWrapper = (name: string) => Object.hasOwn(schema.shape, name);
  const split = (keep: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(options).filter(([name]) => keep(name)));
  const variant = check(
    game,
    game.variants,
    split((name) => !isWrapper(name)),
  );
  const wrapper = check(game, schema, split(isWrapper)) as z.output<typeof schema>;
  const { observation, ...others } = wrapper;
  const seen = observation === 'canonical' ? canonicalGame(game, variant) : game;
  const actionIndices = offeredActions(game, variant, wrapper.actions);
  return {
    id: formatEnvId(game, { ...variant, ...wrapper }),
    game: seen,
    variant,
    ...others,
    observation: seen.observation(variant),
    actionSet: actionIndices.map((index) => game.actions[index]),
    actionIndices,
  };
}

function formatEnvId(game: Game, options: Readonly<Record<string, unknown>>): string {
  const changed = allFields(game).filter((field) => options[field.name] !== field.default);
  if (changed.length === 0) return game.id;
  return `${game.id}?${changed.map(({ name }) => `${name}=${String(options[name])}`).join('&')}`;
}

const allFields = (game: Game): OptionField[] => [...variantFields(game), ...wrapperFields(game)];

/** Indices of the actions that the variant has and that were asked for. */
function offeredActions(game: Game, variant: Record<string, unknown>, actions: 'all' | 'minimal'): number[] {
  const kept = [game.offered?.(variant), actions === 'minimal' ? game.minimalActions : undefined];
  return [...game.actions.keys()].filter((index) =>
    kept.every((names) => names?.includes(game.actions[index].name) ?? true),
  );
}

function parseOptions(game: Game, query: string): Record<string, unknown> {
  const fields = allFields(game);
  const options: Record<string, unknown> = {};
  for (const part of query === '' ? [] : query.split('&')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined) {
      throw unknownValue(
        `option of ${game.id}`,
        name,
        fields.map((candidate) => candidate.name),
      );
    }
    if (Object.hasOwn(options, name)) throw new UserError(`${game.id}: option "${name}" is given twice`);
    options[name] = parseValue(game, field, equals < 0 ? '' : part.slice(equals + 1));
  }
  return options;
}

function parseValue(game: Game, field: OptionField, text: string): unknown {
  switch (field.type) {
    case 'integer':
    case 'number':
      if (text.trim() === '' || !Number.isFinite(Number(text))) throw badValue(game, field, text);
      return Number(text);
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw badValue(game, field, text);
      return text === 'true';
    case 'string':
      return text;
  }
}

function check(game: Game, schema: VariantSchema, options: Record<string, unknown>): Record<string, unknown> {
  const result = schema.strict().safeParse(options);
  if (result.success) return result.data;
  const fields = optionFields(schema);
  const issue = result.error.issues[0];
  if (issue.code === 'unrecognized_keys') {
    throw unknownValue(
      `option of ${game.id}`,
      issue.keys[0],
      allFields(game).map((field) => field.name),
    );
  }
  const field = fields.find(({ name }) => name === issue.path[0]);
  if (field === undefined || issue.code === 'custom') throw new UserError(`${game.id}: ${issue.message}`);
  throw badValue(game, field, String(options[field.name]));
}

const badValue = (game: Game, field: OptionField, text: string): UserError =>
  new UserError(`${game.id}: "${text}" is not a valid ${field.name}; valid: ${field.range} (default ${field.default})`);

interface JsonSchemaField {
  type?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  enum?: string[];
}

const optionFields = oncePer((schema: VariantSchema): readonly OptionField[] => {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries((json.properties ?? {}) as Record<string, JsonSchemaField>).map(([name, field]) => {
    const type = (['integer', 'number', 'boolean'] as const).find((known) => known === field.type) ?? 'string';
    const minimum = bound(field.minimum);
    const maximum = bound(field.maximum);
    return {
      name,
      description: field.description ?? '',
      default: field.default,
      range: rangeText(type, minimum, maximum, field.enum),
      type,
      minimum,
      maximum,
      values: field.enum,
    };
  });
});

/** zod's integers are bounded by what a double holds exactly: no bound to speak of. */
const bound = (value: number | undefined): number | undefined =>
  value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;

function rangeText(type: OptionField['type'], minimum?: number, maximum?: number, values?: string[]): string {
  if (values !== undefined) return values.join(', ');
  if (type === 'boolean') return 'true, false';
  if (type === 'string') return 'text';
  const noun = type === 'integer' ? 'whole number' : 'number';
  if (minimum !== undefined && maximum !== undefined) return `${noun} from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${noun} from ${minimum}`;
  return maximum === undefined ? noun : `${noun} up to ${maximum}`;
}
