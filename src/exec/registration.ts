import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { unknownValue, UserError } from '../core/errors.ts';
import { checkValues, readNones } from '../core/schema.ts';
import type { Registration } from '../report/types.ts';
import { sha256 } from '../runs/source.ts';
import { type StudyRequest, studyOptions, studyTrainingOptions, studyTransferOptions } from './study.ts';

const { primaryMetric, seeds, sourceTimesteps, targetTimesteps } = studyOptions.shape;
const config = z.record(z.string(), z.unknown()).optional();

/** All that a study file may say, and what it has to. */
const studyFile = z.object({
  ...studyOptions.shape,
  ...studyTransferOptions.shape,
  ...studyTrainingOptions.shape,
  hypothesis: z.string().min(1).describe('what is expected, in words'),
  primaryMetric: primaryMetric.unwrap(),
  sources: z.array(z.string()).min(1),
  targets: z.array(z.string()).min(1),
  seeds: seeds.unwrap(),
  sourceTimesteps: sourceTimesteps.unwrap(),
  targetTimesteps: targetTimesteps.unwrap(),
  algorithmConfig: config,
  netConfig: config,
  methodConfig: config,
  game: z.union([z.string(), z.array(z.string())]).optional(),
  modules: z.array(z.string()).optional(),
});

/** What changes no result, and so is given beside the file: in it, it would make another study. */
const BESIDES = ['folder', 'threads', 'queue', 'store'];

/** A study as it was registered, with the user's files it names. */
export interface RegisteredStudy extends StudyRequest {
  readonly registration: Registration;
  readonly game?: string[];
  readonly modules?: string[];
}

/**
 * Reads a study file: YAML or JSON with a hypothesis, the primary metric and the options of `study()`, those for seeds
 * and budgets written out. Files that it names are found from its folder. @throws UserError
 */
export function readStudyFile(path: string): RegisteredStudy {
  const bytes = readBytes(path);
  const text = new TextDecoder().decode(bytes);
  const { hypothesis, game, modules, ...request } = checked(path, text);
  const besideIt = (file: string): string => resolve(dirname(path), file);
  return {
    ...request,
    ...(game === undefined ? {} : { game: [game].flat().map(besideIt) }),
    ...(modules === undefined ? {} : { modules: modules.map(besideIt) }),
    registration: { file: basename(path), sha256: sha256(bytes), hypothesis, text },
  };
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`can't read ${path}: ${(error as Error).message}`);
  }
}

/** What the file says, checked; what it leaves out stays out. */
function checked(path: string, text: string): z.input<typeof studyFile> {
  const values = parsed(path, text);
  if (values === null || typeof values !== 'object' || Array.isArray(values)) {
    throw new UserError(`${path}: is no list of options; it starts like "hypothesis: ..."`);
  }
  const given = readNones(studyFile, values as Record<string, unknown>);
  for (const name of Object.keys(given)) checkName(path, name);
  const settled: Record<string, unknown> = checkValues(studyFile, given, (name) => `${path}: ${name}`);
  return Object.fromEntries(Object.keys(given).map((name) => [name, settled[name]])) as z.input<typeof studyFile>;
}

function checkName(path: string, name: string): void {
  const valid = Object.keys(studyFile.shape);
  if (valid.includes(name)) return;
  if (BESIDES.includes(name))
    throw new UserError(`${path}: ${name} changes no result: give it beside the file (--${name})`);
  throw new UserError(`${path}: ${unknownValue('option', name, valid).message}`);
}

function parsed(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new UserError(`${path}: ${(error as Error).message.split('\n')[0].replace(/:$/, '')}`);
  }
}
