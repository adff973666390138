import * as z from 'zod';
import { prepareStudy } from '../exec/api.ts';
import { studyOptions } from '../exec/study.ts';
import { writeReport } from '../exec/report.ts';
import { startViewer, type Viewer } from '../live/server.ts';
import { trainingOptions, transferOptions } from '../runs/config.ts';
import { findMethod } from '../transfer/index.ts';
import { defineCommand } from './flags.ts';
import { gameOption, learnerOptions, pick, trainingRequest } from './options.ts';
import { say, shellWord, writeJson } from './output.ts';
import { finishedStatus, firstRuns, followStudy, studyStatus, studyText } from './study-session.ts';
import { commandLine, terminalOf, untilStopped, viewerOptions } from './viewer.ts';

const places = z.object({
  sources: z.array(z.string()).describe('env ids to learn first'),
  targets: z.array(z.string()).describe('env ids to carry the layers to'),
});

const shared = trainingOptions.omit({ totalTimesteps: true, seed: true, label: true });

/** The options of every method asked for, each with the first method's default where they share a name. */
const methodShapes = (ids: readonly string[]): z.ZodRawShape =>
  Object.assign({}, ...ids.map((id) => findMethod(id).schema.shape));

const methodsOf = (text: string | undefined): string[] =>
  text?.split(',') ?? studyOptions.shape.methods.parse(undefined);

export const study = defineCommand({
  name: 'study',
  summary: 'compare transfer with learning from scratch, with intervals over seeds',
  description:
    'Every source to every target by every method, each transfer from a source run of its own, scratch shared by target. ' +
    'Ctrl-C saves; the same command goes on. Writes result.json and a self-contained report.html.',
  options: async (given) => {
    const learner = await learnerOptions(given, given('targets')?.split(',')[0]);
    return places
      .extend(studyOptions.shape)
      .extend(transferOptions.omit({ method: true }).shape)
      .extend(methodShapes(methodsOf(given('methods'))))
      .extend(shared.shape)
      .extend(learner.shape)
      .extend(gameOption.shape)
      .extend({
        folder: z.string().default('').describe('folder of the study (default: runs/study-<id>)'),
        threads: z.int().min(0).max(256).default(0).describe('trainings at a time (default: one for each core)'),
        queue: z.string().default('').describe('URL of a queue (redis://, rediss://, postgres://) whose workers do it'),
        store: z.string().default('').describe('where the workers keep the runs (default: in the folder)'),
        watch: z.boolean().default(false).describe('show the matches in the browser while it runs'),
        ...viewerOptions.shape,
        json: z.string().default('').describe('also write the result as JSON to this file, - for standard output'),
      });
  },
  examples: [
    [
      'ngplus study --sources freeway --targets asterix,space-invaders --seeds 10 --folder runs/freeway-out',
      'two pairs, ten seeds an arm',
    ],
  ],
  async run({ options, io }) {
    const { folder, threads, queue, store, watch, port, json, sources, targets } = options as Record<string, never> & {
      sources: string[];
      targets: string[];
    };
    const { env: _env, ...training } = await trainingRequest({ ...options, env: (targets as string[])[0] });
    const methods = options.methods as string[];
    const prepared = await prepareStudy({
      ...pick(training, shared),
      ...pick(options, studyOptions),
      ...pick(options, transferOptions.omit({ method: true })),
      algorithmConfig: training.algorithmConfig,
      netConfig: training.netConfig,
      methodConfig: pick(options, z.object(methodShapes(methods))),
      sources,
      targets,
      folder: folder || undefined,
      threads: threads || undefined,
      queue: queue || undefined,
      store: store || undefined,
    });
    if (queue) io.stderr.write(`the work is for: ngplus worker --queue ${shellWord(queue)}\n`);
    let viewer: Viewer | null = null;
    try {
      if (watch) viewer = await startViewer({ port, matches: { list: () => firstRuns(prepared.folder) } });
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
