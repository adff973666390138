import * as z from 'zod';
import { algorithmSchema, netSchema } from '../agents/algorithm.ts';
import { findAlgorithm } from '../agents/index.ts';
import { UserError } from '../core/errors.ts';
import { prepareStudy, type StudyOptions } from '../exec/api.ts';
import { extraOptions, studyOptions, studyTrainingOptions, studyTransferOptions } from '../exec/study.ts';
import { writeReport } from '../exec/report.ts';
import { openLibrary } from '../live/library.ts';
import { startViewer, type Viewer } from '../live/server.ts';
import { netFor } from '../nets/index.ts';
import { findMethod } from '../transfer/index.ts';
import { defineCommand, flagOf, type Given } from './flags.ts';
import { checkGate, gameOption, learnerOptions, namedEnv, pick, trainingRequest } from './options.ts';
import { say, shellWord, writeJson } from './output.ts';
import { finishedStatus, firstRuns, followStudy, studyStatus, studyText } from './study-session.ts';
import { commandLine, terminalOf, untilStopped, viewerOptions } from './viewer.ts';

const places = z.object({
  sources: z.array(z.string()).describe('env ids to learn first'),
  targets: z.array(z.string()).describe('env ids to carry the layers to'),
});

/** What changes no result, and so may be given beside a registered study's file. */
const work = z.object({
  file: z
    .string()
    .default('')
    .describe('study registered in this YAML or JSON file (docs/statistics.md); holds all other options'),
  folder: z.string().default('').describe('folder of the study (default: runs/study-<id>)'),
  threads: z.int().min(0).max(256).default(0).describe('trainings at a time (default: one for each core)'),
  queue: z.string().default('').describe('URL of a queue (redis://, rediss://, postgres://) whose workers do it'),
  store: z.string().default('').describe('where the workers keep the runs (default: in the folder)'),
  watch: z.boolean().default(false).describe('show the matches in the browser while it runs'),
  ...viewerOptions.shape,
  json: z.string().default('').describe('also write the result as JSON to this file, - for standard output'),
});

/** The options of every method asked for, each with the first method's default where they share a name. */
const methodShapes = (ids: readonly string[]): z.ZodRawShape =>
  Object.assign({}, ...ids.toReversed().map((id) => findMethod(id).schema.shape));

const methodsOf = (text: string | undefined): string[] =>
  text?.split(',') ?? studyOptions.shape.methods.parse(undefined);

/** @throws UserError for options of the study beside its file, but for those of controls and gates */
function registeredOptions(given: Given): z.ZodObject {
  const others = {
    ...places.shape,
    ...studyOptions.shape,
    ...studyTransferOptions.shape,
    ...studyTrainingOptions.shape,
    ...gameOption.shape,
  };
  const isExtra = (name: string): boolean => name in extraOptions.shape;
  const stray = Object.keys(others).find((name) => given(name) !== undefined && !isExtra(name));
  // Those given alone: what is left out is as the file says.
  const extras = Object.entries(extraOptions.shape).filter(([name]) => given(name) !== undefined);
  if (stray === undefined) return work.extend(Object.fromEntries(extras));
  const valid = Object.keys({ ...work.shape, ...extraOptions.shape })
    .map(flagOf)
    .join(', ');
  throw new UserError(`${flagOf(stray)} can't be given beside --file: a registered study is its file; valid: ${valid}`);
}

async function requestOf(options: Record<string, unknown>): Promise<StudyOptions> {
  const { sources, targets, methods } = options as Record<'sources' | 'targets' | 'methods', string[]>;
  const { env: _env, ...training } = await trainingRequest({ ...options, env: targets[0] });
  const envs = await Promise.all([...targets, ...sources].map(namedEnv));
  const [{ observation }] = envs;
  // Games of two kinds have defaults of their own: what stands at the default of one says nothing to the other.
  const isOneKind = envs.every((env) => env.observation.kind === observation.kind);
  const algorithm = findAlgorithm(options.algorithm as string);
  const net = netFor(options.net as string, observation.kind);
  const { algorithmConfig, netConfig } = training;
  return {
    ...pick(training, studyTrainingOptions),
    ...pick(options, studyOptions),
    ...pick(options, studyTransferOptions),
    algorithmConfig: isOneKind
      ? algorithmConfig
      : otherThanDefault(algorithmConfig, algorithmSchema(algorithm, observation.kind)),
    netConfig: isOneKind || options.net !== '' ? netConfig : otherThanDefault(netConfig, netSchema(net, algorithm)),
    methodConfig: pick(options, z.object(methodShapes(methods))),
    sources,
    targets,
  };
}

function otherThanDefault(config: object, schema: z.ZodObject): Record<string, unknown> {
  const defaults: Record<string, unknown> = schema.parse({});
  return Object.fromEntries(Object.entries(config).filter(([name, value]) => value !== defaults[name]));
}

export const study = defineCommand({
  name: 'study',
  summary: 'compare transfer with learning from scratch, with intervals over seeds',
  description:
    'Every source to every target by every method, each transfer from a source run of its own, scratch shared by target. ' +
    'Ctrl-C saves; the same command goes on. Writes result.json, a self-contained report.html, pairs.csv, curves.csv and figures.',
  options: async (given) => {
    if (given('file')) return registeredOptions(given);
    checkGate(given);
    const learner = await learnerOptions(given, given('targets')?.split(',')[0]);
    return places
      .extend(studyOptions.shape)
      .extend(studyTransferOptions.shape)
      .extend(methodShapes(methodsOf(given('methods'))))
      .extend(studyTrainingOptions.shape)
      .extend(learner.shape)
      .extend(gameOption.shape)
      .extend(work.shape);
  },
  examples: [
    [
      'ngplus study --sources freeway --targets asterix,space-invaders --seeds 10 --folder runs/freeway-out',
      'two pairs, ten seeds an arm',
    ],
    ['ngplus study --file study.yaml', 'a study registered before it is run'],
  ],
  async run({ options, io }) {
    const { file, folder, threads, queue, store, watch, port, json } = options as z.output<typeof work>;
    const place = {
      folder: folder || undefined,
      threads: threads || undefined,
      queue: queue || undefined,
      store: store || undefined,
    };
    const prepared = await prepareStudy(
      file ? { file, ...place, ...pick(options, extraOptions) } : { ...(await requestOf(options)), ...place },
    );
    if (queue) io.stderr.write(`the work is for: ngplus worker --queue ${shellWord(queue)}\n`);
    let viewer: Viewer | null = null;
    try {
      if (watch) {
        const matches = { list: () => firstRuns(prepared.folder) };
        viewer = await startViewer({ port, matches, library: openLibrary(prepared.folder) });
      }
      if (viewer) io.stderr.write(`watch at ${viewer.url}\n`);
      const result = await followStudy(io, prepared, (jobs) => viewer?.setStatus(studyStatus(prepared.study, jobs)));
      const report = await writeReport(prepared.folder, result, { commands: [commandLine()] });
      say(io, json, `${studyText(result, terminalOf(io))}\n\nreport: ${report}`);
      writeJson(io, json, result);
      viewer?.setStatus(finishedStatus(result));
      viewer?.setReport(report);
      if (viewer && process.stdout.isTTY) await untilStopped(io, viewer);
    } finally {
      await viewer?.close();
      // Whatever failed: with a connection to a queue open, the process would not end.
      await prepared.executor.close();
    }
  },
});
