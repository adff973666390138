import { inspect, parseArgs } from 'node:util';
import type * as z from 'zod';
import { didYouMean, StoppedError, UserError } from '../core/errors.ts';
import type { SchemaField } from '../core/schema.ts';
import { formatValue, parseValues, rangeOf, schemaFields } from '../core/schema.ts';

/** Where a command reads and writes. */
export interface CommandIo {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted, with a `StoppedError`, when the user stops the command. */
  readonly signal: AbortSignal;
}

/** The text of an option as it was given, before any schema is known: `--algorithm ppo`; of a switch `true` or `false`. */
export type Given = (name: string) => string | undefined;

/** One command of the program; flags, help and checks are made from the schema of its options. */
export interface Command<S extends z.ZodObject = z.ZodObject> {
  /** One word, or two: `study status`. */
  readonly name: string;
  /** Half a sentence for the list of commands: `learn a game from scratch`. */
  readonly summary: string;
  readonly description?: string;
  /** The options; a function where they depend on what was given, as those of an algorithm do. */
  readonly options: S | ((given: Given) => S | Promise<S>);
  /** Options that may be given without their name, in this order; a list takes all that are left. */
  readonly positionals?: readonly (keyof S['shape'] & string)[];
  /** Command lines, each with what it does. */
  readonly examples?: readonly (readonly [line: string, meaning: string])[];
  /** Does it; may return an exit code of its own. */
  run(context: { readonly options: z.output<S>; readonly io: CommandIo }): number | void | Promise<number | void>;
}

export interface Program {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly commands: readonly Command[];
}

/** Gives a command its types: the options that `run` gets come from its schema. */
export function defineCommand<S extends z.ZodObject>(command: Command<S>): Command {
  return command as unknown as Command;
}

/** What `runCommand` returns: done, failed (a bug), bad use, stopped by the user. */
export const EXIT = { ok: 0, failed: 1, badUse: 2, stopped: 130 } as const;

/**
 * Runs the command that `argv` names and returns the exit code. Bad use is one line on stderr, a bug keeps its stack.
 */
export async function runCommand(program: Program, argv: readonly string[], io: CommandIo): Promise<number> {
  const [word = '--help', ...rest] = argv;
  const say = (text: string): number => {
    io.stdout.write(text);
    return EXIT.ok;
  };
  let failing = program.name;
  try {
    if (word === '--version' || word === '-v') return say(`${program.version}\n`);
    const asksHelp = word === 'help' || word === '--help' || word === '-h';
    if (asksHelp && rest.length === 0) return say(programHelp(program));
    const named = asksHelp ? rest : [word, ...rest];
    const command = findCommand(program, named);
    failing = `${program.name} ${command.name}`;
    const words = named.slice(wordsOf(command.name).length);
    const schema = await optionsOf(command, words);
    if (asksHelp || wantsHelp(words)) return say(commandHelp(program.name, command, schema));
    const options = parseFlags(schema, words, command.positionals ?? [], failing);
    return (await command.run({ options, io })) ?? EXIT.ok;
  } catch (error) {
    return reportError(error, failing, io);
  }
}

/**
 * The process's own streams; the first SIGINT or SIGTERM aborts the signal, so that the command can save and stop, the
 * second ends the process at once.
 */
export function processIo(): CommandIo {
  const stopper = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopper.signal.aborted) process.exit(EXIT.stopped);
      stopper.abort(new StoppedError());
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `ngplus games | head` closes the pipe early: nothing is left to say.
      if (error.code === 'EPIPE') process.exit(EXIT.ok);
      throw error;
    });
  }
  return { stdout: process.stdout, stderr: process.stderr, env: process.env, signal: stopper.signal };
}

function reportError(error: unknown, failing: string, io: CommandIo): number {
  const isStop = error instanceof StoppedError || (io.signal.aborted && (error as Error)?.name === 'AbortError');
  if (isStop) {
    io.stderr.write(`${failing}: ${(error as Error).message}\n`);
    return EXIT.stopped;
  }
  if (error instanceof UserError) {
    io.stderr.write(`${failing}: ${error.message.replace(/\s*\n\s*/g, ' ')}\n`);
    return EXIT.badUse;
  }
  io.stderr.write(`${failing} failed: ${inspect(error)}\n`);
  return EXIT.failed;
}

const wordsOf = (name: string): string[] => name.split(' ');

/** The command that the words begin with; of `study` and `study status` the longer one. */
function findCommand(program: Program, words: readonly string[]): Command {
  const [name] = words;
  const names = program.commands.map((command) => command.name);
  const fitting = program.commands.filter((candidate) => wordsOf(candidate.name).every((word, i) => words[i] === word));
  const command = fitting.sort((a, b) => b.name.length - a.name.length).at(0);
  if (command !== undefined) return command;
  const what = name.startsWith('-') ? 'option' : 'command';
  throw new UserError(`unknown ${what} "${name}"${didYouMean(name, names)}; valid: ${names.join(', ')}, help`);
}

/**
 * The schema of a command's options, for the words it was called with. Where it depends on them, they are first read
 * with the options that every call has.
 */
export async function optionsOf(command: Command, argv: readonly string[]): Promise<z.ZodObject> {
  const { options, positionals = [] } = command;
  if (typeof options !== 'function') return options;
  const fields = schemaFields(await options(() => undefined));
  const { texts, switches, free } = readWords(fields, argv);
  takePositionals(free, fieldsOf(positionals, fields), texts);
  const isList = (name: string): boolean => fields.some((field) => field.name === name && field.list);
  const textOf = (name: string): string | undefined => texts[name]?.at(-1) ?? switches[name]?.toString();
  return options((name) => (isList(name) ? texts[name]?.join(',') : textOf(name)));
}

function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

/** `learningRate` → `--learning-rate`. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const isSwitch = (field: SchemaField): boolean =>
  !field.list && field.alternatives.every(({ kind }) => kind === 'boolean');

/**
 * Options from the words of a command line. Both spellings are understood (`--learning-rate 1e-3`,
 * `--learningRate=1e-3`), switches have a `--no-` form, lists are comma-separated or repeated, and `positionals` names
 * the options that stand without a name. `usage` is how the command is called, for messages. Throws a `UserError`.
 */
export function parseFlags<S extends z.ZodObject>(
  schema: S,
  argv: readonly string[],
  positionals: readonly string[] = [],
  usage = '',
): z.output<S> {
  const fields = schemaFields(schema);
  const { texts, switches, free, errors } = readWords(fields, argv);
  if (errors.length > 0) throw errors[0];
  const places = fieldsOf(positionals, fields);
  const left = takePositionals(free, places, texts);
  const missing = places.find((field) => field.required && texts[field.name] === undefined);
  if (missing) throw new UserError(`<${missing.name}> is missing; usage: ${usageLine(usage, places)}`);
  if (left.length > 0) throw new UserError(`unexpected argument "${left[0]}"; usage: ${usageLine(usage, places)}`);
  return parseValues(schema, { ...switches, ...texts }, (name) => showName(name, positionals));
}

/** The words of a command line, sorted but not yet checked. */
interface Words {
  readonly texts: Record<string, string[]>;
  readonly switches: Record<string, boolean>;
  /** Words without a name. */
  readonly free: string[];
  readonly errors: UserError[];
}

function readWords(fields: readonly SchemaField[], argv: readonly string[]): Words {
  const named = new Map(
    fields.flatMap((field) => [flagOf(field.name), `--${field.name}`].map((flag) => [flag, field])),
  );
  const options = [...named].map(([flag, field]) => [flag.slice(2), { type: isSwitch(field) ? 'boolean' : 'string' }]);
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(options) as Record<string, { type: 'boolean' | 'string' }>,
    strict: false,
    tokens: true,
  });
  const words: Words = { texts: {}, switches: {}, free: [], errors: [] };
  const { texts, switches, free, errors } = words;
  let strayValue = -1;
  for (const token of tokens) {
    if (token.kind === 'positional' && token.index !== strayValue) free.push(token.value);
    if (token.kind !== 'option') continue;
    const field = named.get(token.rawName);
    const switchedOff = named.get(token.rawName.replace(/^--no-/, '--'));
    if (field === undefined && switchedOff !== undefined && isSwitch(switchedOff)) switches[switchedOff.name] = false;
    else if (field === undefined) {
      errors.push(unknownFlag(token.rawName, fields));
      // What follows an option not known yet is its value.
      if (token.value === undefined) strayValue = token.index + 1;
    } else if (isSwitch(field) && token.value === undefined) switches[field.name] = true;
    else if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
      errors.push(new UserError(`${token.rawName} needs a value; valid: ${rangeOf(field)}`));
    } else (texts[field.name] ??= []).push(token.value);
  }
  return words;
}

/** Hands the words without a name to the options that take them and were not given by name; returns what is left. */
function takePositionals(
  words: readonly string[],
  places: readonly SchemaField[],
  texts: Record<string, string[]>,
): readonly string[] {
  const left = [...words];
  for (const { name, list } of places) {
    if (texts[name] !== undefined) continue;
    const taken = left.splice(0, list ? left.length : 1);
    if (taken.length > 0) texts[name] = taken;
  }
  return left;
}

const fieldsOf = (names: readonly string[], fields: readonly SchemaField[]): SchemaField[] =>
  names.map((name) => fields.find((field) => field.name === name)!);

const showName = (name: string, positionals: readonly string[]): string =>
  positionals.includes(name) ? `<${name}>` : flagOf(name);

function unknownFlag(flag: string, fields: readonly SchemaField[]): UserError {
  const valid = fields.map(({ name }) => flagOf(name));
  return new UserError(`unknown option "${flag}"${didYouMean(flag, valid)}; valid: ${valid.join(', ')}, --help`);
}

// Help, in 80 columns.

const WIDTH = 80;
const MAX_LEFT = 30;

function programHelp({ name, summary, commands }: Program): string {
  const rows = commands.map((command): Row => [command.name, command.summary]);
  return [
    `${name}: ${summary}\n`,
    `Usage: ${name} <command> [options]\n`,
    section('Commands', rows),
    wrap(`"${name} help <command>" tells more about one, "${name} --version" its version.`, 0),
  ].join('\n');
}

/** The help of a command of `program`, in 80 columns. */
export function commandHelp(program: string, command: Command, schema: z.ZodObject): string {
  const fields = schemaFields(schema);
  const places = fieldsOf(command.positionals ?? [], fields);
  const call = `${program} ${command.name}`;
  const rest = fields.filter((field) => !places.includes(field));
  const examples = (command.examples ?? []).map(([line, meaning]) => `  ${line}\n${wrap(meaning, 6)}`);
  return [
    wrap(`${call}: ${command.summary}`, 0),
    `Usage: ${usageLine(call, places)}\n`,
    command.description === undefined ? '' : wrap(command.description, 0),
    section(
      'Arguments (or by name, as options)',
      places.map((field) => [field.name, meaningOf(field)]),
    ),
    section('Options', [...rest.map((field): Row => [leftOf(field), meaningOf(field)]), ['-h, --help', 'this text']]),
    examples.length === 0 ? '' : `Examples:\n${examples.join('')}`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function usageLine(call: string, places: readonly SchemaField[]): string {
  const words = places.map((field) => {
    const name = field.list ? `${field.name}...` : field.name;
    return field.required ? `<${name}>` : `[${name}]`;
  });
  return [call, ...words, '[options]'].join(' ');
}

function leftOf(field: SchemaField): string {
  const flag = flagOf(field.name);
  if (isSwitch(field)) return field.default === true ? `--[no-]${flag.slice(2)}` : flag;
  const kinds = field.alternatives.map(({ kind }) => kind);
  const placeholder = kinds.includes('text') ? 'text' : kinds.includes('values') ? 'value' : 'number';
  return `${flag} <${placeholder}>`;
}

/** `discount of future rewards (number from 0 to 1; default 0.99)`. */
function meaningOf(field: SchemaField): string {
  const { description, default: fallback, required } = field;
  if (isSwitch(field)) return fallback === true ? `${description} (default on)` : description;
  const range = field.range === 'text' ? (field.list ? 'comma-separated' : '') : rangeOf(field);
  const isNothing = fallback === undefined || fallback === '' || (Array.isArray(fallback) && fallback.length === 0);
  const shown = isNothing ? '' : `default ${formatValue(fallback)}`;
  const notes = [range, shown, required ? 'required' : ''].filter((note) => note !== '');
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
}

type Row = readonly [left: string, right: string];

/** A title and two columns, wrapped. */
function section(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const left = Math.min(MAX_LEFT, Math.max(...rows.map(([text]) => text.length)));
  const lines = rows.map(([text, meaning]) => {
    const body = wrap(meaning, left + 4);
    const head = `  ${text}`;
    // Too long for its column: the meaning starts on the next line.
    return text.length > left ? `${head}\n${body}` : head.padEnd(left + 4) + body.slice(left + 4);
  });
  return `${title}:\n${lines.join('')}`;
}

/** Lines of at most 80 columns, each indented and ended. */
function wrap(text: string, indent: number): string {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines[lines.length - 1];
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('');
}
