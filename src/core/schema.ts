import * as z from 'zod';
import { didYouMean, UserError } from './errors.ts';

/** What a single value may be. */
interface Alternative {
  readonly kind: 'number' | 'integer' | 'boolean' | 'text' | 'values' | 'none' | 'list' | 'options';
  /** For `values`: the ones there are. */
  readonly values: readonly unknown[];
  /** In words: `whole number from 1 to 5`. */
  readonly words: string;
}

/** An option as its schema declares it: what flags, help, docs and checks are made from. */
export interface SchemaField {
  /** camelCase, as in code. */
  readonly name: string;
  readonly description: string;
  /** Undefined where there is none. */
  readonly default: unknown;
  readonly required: boolean;
  /** Does it take several values? */
  readonly list: boolean;
  /** How many values a list has at least. */
  readonly fewest: number;
  readonly alternatives: readonly Alternative[];
  /** All alternatives in words: `whole number of at least 1 or auto`. */
  readonly range: string;
}

/** The part of JSON Schema (2020-12) that zod writes for the types that options have. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
}

/** The fields of a schema, in its order. */
export function schemaFields(schema: z.ZodObject): SchemaField[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return Object.entries(json.properties ?? {}).map(([name, field]) => {
    const list = field.type === 'array';
    const alternatives = alternativesOf(list ? (field.items ?? {}) : field);
    return {
      name,
      description: field.description ?? '',
      default: field.default,
      required: json.required?.includes(name) ?? false,
      list,
      fewest: field.minItems ?? 0,
      alternatives,
      range: wordsOf(alternatives),
    };
  });
}

/**
 * Values from text, as from a command line: numbers, booleans and lists (`a,b` or several texts) are read as the schema
 * says, `none` is null. `show` says how a name is written where the text comes from, for messages.
 * Throws a `UserError` naming the option, its bad value and what is valid.
 */
export function parseValues<S extends z.ZodObject>(
  schema: S,
  given: Readonly<Record<string, string | boolean | readonly string[]>>,
  show: (name: string) => string = (name) => name,
): z.output<S> {
  const fields = schemaFields(schema);
  const values = Object.entries(given).map(([name, value]) => {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw unknownOption(name, fields, show);
    return [name, typeof value === 'boolean' ? value : readField(field, value)];
  });
  return checkValues(schema, Object.fromEntries(values), show);
}

/** `values` with defaults, checked. Throws a `UserError` as `parseValues` does. */
export function checkValues<S extends z.ZodObject>(
  schema: S,
  values: Readonly<Record<string, unknown>>,
  show: (name: string) => string = (name) => name,
): z.output<S> {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const { path, code, message } = result.error.issues[0];
  const field = schemaFields(schema).find(({ name }) => name === path[0]);
  if (field === undefined) throw new UserError(oneLine(message));
  const value = path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    values,
  );
  const range = path.length === 1 ? rangeOf(field) : field.range;
  if (value === undefined) throw new UserError(`${show(field.name)} is missing; valid: ${range}`);
  const reason = code === 'custom' ? oneLine(message) : `valid: ${range}`;
  throw new UserError(`${show(field.name)}: ${written(value, field)} is not valid; ${reason}`);
}

/** `values`, as from a file, in which `none` is what it is on a command line: null, or an empty list. */
export function readNones(
  schema: z.ZodObject,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const fields = schemaFields(schema);
  const read = (name: string, value: unknown): unknown => {
    const field = fields.find((candidate) => candidate.name === name);
    const [only, ...others] = field?.list ? [value].flat() : [value];
    return field && only === 'none' && others.length === 0 ? readField(field, only) : value;
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, read(name, value)]));
}

/** `0.5`, `a,b`, `none`: a value as one would type it. */
export function formatValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(formatValue).join(',');
  return value === null ? 'none' : String(value);
}

/** The fields of a schema as a Markdown table, for the docs. */
export function schemaTable(schema: z.ZodObject, show: (name: string) => string = (name) => name): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);
  const rows = schemaFields(schema).map((field) => {
    const value = field.required ? '' : code(field.default === undefined ? '' : formatValue(field.default));
    return `| ${code(show(field.name))} | ${value} | ${cell(rangeOf(field))} | ${cell(field.description)} |`;
  });
  return ['| option | default | values | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n') + '\n';
}

/** `range`, said of all values where there are several. */
export function rangeOf({ list, fewest, range }: SchemaField): string {
  return list ? `list of${fewest > 0 ? ` at least ${fewest}` : ''}: ${range}` : range;
}

const wordsOf = (alternatives: readonly Alternative[]): string => alternatives.map(({ words }) => words).join(' or ');

function alternativesOf(json: JsonSchema): Alternative[] {
  if (json.anyOf !== undefined) return json.anyOf.flatMap(alternativesOf);
  const values = json.const === undefined ? json.enum : [json.const];
  if (values !== undefined) return [{ kind: 'values', values, words: values.map(formatValue).join(', ') }];
  const types = [json.type ?? 'string'].flat();
  return types.map((type): Alternative => {
    const of = (kind: Alternative['kind'], words: string): Alternative => ({ kind, values: [], words });
    if (type === 'integer') return of('integer', `whole number${bounds(json)}`);
    if (type === 'number') return of('number', `number${bounds(json)}`);
    if (type === 'boolean') return of('boolean', 'true or false');
    if (type === 'object') return of('options', 'options, as in {name: value}');
    if (type === 'array') return of('list', `list of: ${wordsOf(alternativesOf(json.items ?? {}))}`);
    return type === 'null' ? of('none', 'none') : of('text', 'text');
  });
}

/** ` from 0 to 1`, ` above 0, at most 1`, ` of at least 1, a multiple of 8`, or nothing. */
function bounds(json: JsonSchema): string {
  // zod gives whole numbers the bounds of exact ones, which say nothing.
  const minimum = json.minimum === Number.MIN_SAFE_INTEGER ? undefined : json.minimum;
  const maximum = json.maximum === Number.MAX_SAFE_INTEGER ? undefined : json.maximum;
  const words: string[] = [];
  if (minimum !== undefined && maximum !== undefined) words.push(`from ${minimum} to ${maximum}`);
  else if (minimum !== undefined) words.push(`of at least ${minimum}`);
  if (json.exclusiveMinimum !== undefined) words.push(`above ${json.exclusiveMinimum}`);
  if (json.exclusiveMaximum !== undefined) words.push(`below ${json.exclusiveMaximum}`);
  if (minimum === undefined && maximum !== undefined)
    words.push(`${words.length === 0 ? 'of ' : ''}at most ${maximum}`);
  const step = json.multipleOf === undefined ? '' : `, a multiple of ${json.multipleOf}`;
  return (words.length === 0 ? '' : ` ${words.join(', ')}`) + step;
}

function readField(field: SchemaField, value: string | readonly string[]): unknown {
  if (!field.list) return readText(field, typeof value === 'string' ? value : value[value.length - 1]);
  const texts = [value].flat().flatMap((text) => text.split(','));
  const isEmpty = texts.length === 1 && (texts[0] === '' || texts[0] === 'none');
  return isEmpty ? [] : texts.map((text) => readText(field, text.trim()));
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };

/** The value of the first alternative that the text can be; else the text, for the schema to refuse. */
function readText({ alternatives }: SchemaField, text: string): unknown {
  for (const { kind, values } of alternatives) {
    const value = values.find((candidate) => formatValue(candidate) === text);
    if (value !== undefined) return value;
    const digits = text.replaceAll('_', '');
    if ((kind === 'number' || kind === 'integer') && NUMBER.test(digits)) return Number(digits);
    if (kind === 'boolean' && Object.hasOwn(BOOLEANS, text)) return BOOLEANS[text];
    if (kind === 'none' && text === 'none') return null;
  }
  return text;
}

function unknownOption(name: string, fields: readonly SchemaField[], show: (name: string) => string): UserError {
  const valid = fields.map((field) => show(field.name));
  const hint = didYouMean(show(name), valid);
  return new UserError(`unknown option "${show(name)}"${hint}; valid: ${valid.join(', ')}`);
}

/** A bad value as it was given, with its type where that is what is wrong: `"many"`, `the text "2"`, `the list [2]`. */
function written(value: unknown, field: SchemaField): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `the list ${JSON.stringify(value)}`;
  if (typeof value === 'object') return JSON.stringify(value);
  const text = String(value);
  if (readText(field, text) === value) return JSON.stringify(text);
  return typeof value === 'string' ? `the text ${JSON.stringify(text)}` : `the ${typeof value} ${text}`;
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
