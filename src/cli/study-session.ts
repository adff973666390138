import { join } from 'node:path';
import type { StudyFile, StudyTask } from '../exec/study.ts';
import { type JobProgress, runStudy, type Study, type StudyRequest, type StudyResult } from '../exec/study.ts';
import type { TaskExecutor } from '../exec/executor.ts';
import { underSignal } from '../exec/api.ts';
import type { PolicySource } from '../live/match-source.ts';
import type { ViewerStatus } from '../live/protocol.ts';
import { runSource } from '../live/run-matches.ts';
import { meanCurve } from '../live/run-status.ts';
import { VERSION } from '../runs/version.ts';
import type { Arm } from '../stats/curve.ts';
import { againstControlsText } from '../stats/against-controls.ts';
import { isTakenBack } from '../stats/holm.ts';
import { studyVerdict, verdict } from '../stats/verdict.ts';
import type { TrainTask } from '../exec/task.ts';
import type { TransferPlan } from '../transfer/plan.ts';
import { comparedEnvs, GATE, unique } from '../transfer/study.ts';
import { controlsText } from '../report/controls.ts';
import { metricsTable } from '../report/metric-rows.ts';
import { planText } from '../report/plan-text.ts';
import { textPlot } from '../report/text-plot.ts';
import type { CommandIo } from './flags.ts';
import { createProgress } from './progress.ts';
import { progressOf, sayWhenStopped } from './run-progress.ts';
import { readJson } from './stored-json.ts';

/** Runs what is left of a study with a line for each running job and one for the whole. */
export async function followStudy(
  io: CommandIo,
  prepared: { study: Study; folder: string; executor: TaskExecutor },
  watch: (jobs: ReadonlyMap<string, JobProgress>) => void = () => {},
): Promise<StudyResult> {
  const { study, folder, executor } = prepared;
  const progress = createProgress({ stream: io.stderr, env: io.env });
  const jobs = new Map<string, JobProgress>();
  const byKey = new Map(study.jobs.map((entry) => [entry.job.key, entry]));
  const totalOf = ({ task }: StudyTask): number => {
    if (task.kind === 'race') return task.rules.budget;
    return task.kind === 'train' ? task.config.totalTimesteps : 0;
  };
  const total = study.jobs.reduce((sum, entry) => sum + totalOf(entry), 0);
  const stepOf = (entry: StudyTask): number => {
    const job = jobs.get(entry.job.key);
    if (!job) return 0;
    return job.state === 'finished' ? totalOf(entry) : Math.min(totalOf(entry), job.progress?.step ?? 0);
  };
  // Runs that were finished are read back, others go on from what they had saved: none of it is work of this session.
  const found = new Map<string, number>();
  const keep = (job: JobProgress): void => {
    jobs.set(job.key, job);
    const entry = byKey.get(job.key);
    const isKnown = job.state === 'finished' || job.progress !== null;
    if (entry && isKnown && !found.has(job.key)) found.set(job.key, stepOf(entry));
  };
  let planShown = false;
  const hear = sayWhenStopped(io, progress);
  try {
    return await underSignal(executor, io.signal, () =>
      runStudy(study, folder, executor, (job) => {
        keep(job);
        const finished = [...jobs.values()].filter(({ state }) => state === 'finished').length;
        const steps = study.jobs.reduce((sum, entry) => sum + stepOf(entry), 0);
        const whole = { done: finished === study.jobs.length ? total : Math.min(steps, total - 1), total };
        progress.update({
          job: 'study',
          label: 'the whole study',
          ...whole,
          found: [...found.values()].reduce((sum, steps) => sum + steps, 0),
          note: `${finished} of ${study.jobs.length} jobs`,
        });
        // Without progress nothing is known of a rate.
        const shown = job.progress
          ? { ...progressOf(job.progress), found: found.get(job.key) }
          : { done: 0, total: 1, rate: 0 };
        const done = job.state === 'finished' ? shown.total : shown.done;
        // A training says itself that it is at its end, and its line is shown then.
        const isShown = job.state === 'finished' && job.progress?.phase === 'finished';
        if (!isShown) progress.update({ job: job.key, label: job.label, ...shown, done });
        const plan = planShown || job.arm !== 'transfer' ? null : readPlan(study, job.key);
        if (plan) {
          progress.log(`${planText(plan)}\n`);
          planShown = true;
        }
        watch(jobs);
      }),
    );
  } finally {
    hear.end();
    progress.close();
  }
}

/**
 * The result of a study for a terminal: for each pair the verdict, curves, metrics and the plan, then the controls in a line
 * each, and all in a sentence.
 */
export function studyText(result: StudyResult, terminal: { width: number; color: boolean }): string {
  const { pairs, againstControls: against = [] } = result;
  const several = pairs.length > 1;
  const transfers = pairs.filter(({ control }) => !control);
  const texts = transfers.map((pair) =>
    [
      verdict(pair.comparison, several ? pair : undefined),
      ...(isTakenBack(pair) ? ['After Holm’s correction over the pairs this is no clear difference.'] : []),
      '',
      textPlot([pair.scratch, pair.transfer], {
        ...terminal,
        random: pair.random,
        title: `return on ${pair.target}, transferred from ${pair.source} (${pair.method})`,
      }),
      '',
      metricsTable(pair.comparison),
      '',
      ...(pair.plan ? [planText(pair.plan)] : []),
    ].join('\n'),
  );
  const controls = transfers.length < pairs.length ? [controlsText(pairs)] : [];
  const verdicts = several ? [studyVerdict(pairs), againstControlsText(against)] : [];
  return [...texts, ...controls, ...verdicts.filter(Boolean)].join('\n\n');
}

/** The matches of a study's folder worth watching: the first run of each arm, as they appear. */
export async function firstRuns(folder: string): Promise<PolicySource[]> {
  const study = readStored<StudyFile>(folder, 'study.json');
  const isFirst = ({ key, arm, control }: StudyFile['jobs'][number]): boolean =>
    arm !== 'random' && arm !== 'race' && !control && key.endsWith('/0');
  const first = study?.jobs.filter(isFirst) ?? [];
  const sources = await Promise.all(
    first.map(async ({ arm, id }) => {
      const source = await runSource(join(folder, 'jobs', id));
      return source && { ...source, arm: armName(arm) };
    }),
  );
  return sources.filter((source) => source !== null);
}

/** The result of a study's folder, or null where there is none yet, or only one of another version. */
export function storedStudy(folder: string): StudyResult | null {
  const result = storedRequest(folder) && readStored<StudyResult>(folder, 'result.json');
  return result?.version === VERSION ? result : null;
}

/** What the folder's study was asked for; null where it holds none. */
export const storedRequest = (folder: string): StudyRequest | null =>
  readStored<StudyFile>(folder, 'study.json')?.request ?? null;

const readStored = <T>(folder: string, name: string): T | null => readJson(join(folder, name));

/** What the page shows of a study that runs. */
export function studyStatus(study: Study, jobs: ReadonlyMap<string, JobProgress>): ViewerStatus {
  const { sources, targets } = comparedEnvs({ ...study.request, pairs: study.options.pairs });
  const running = [...jobs.values()].filter(({ state, arm }) => state === 'running' && arm !== 'random');
  const step = Math.max(0, ...running.map(({ progress }) => progress?.step ?? 0));
  const learnsTarget = running.some(({ arm }) => arm !== 'source');
  const [from, to] = [sources.join(', '), targets.join(', ')];
  const envs = new Map(study.jobs.map(({ job }) => [job.key, job.env]));
  return {
    caption: learnsTarget
      ? `Learned ${from}, now learning ${to}, step ${step.toLocaleString('en')}`
      : `Learning ${from}, step ${step.toLocaleString('en')}`,
    jobs: [...jobs.values()].map(({ key, label, arm, state, progress }) => ({
      id: key,
      label,
      arm: armName(arm),
      state,
      progress: state === 'finished' ? 1 : progress ? Math.min(1, progress.step / progress.totalTimesteps) : 0,
    })),
    ...studyCurves(
      study.jobs.flatMap(({ job }) => {
        if ((job.arm !== 'scratch' && job.arm !== 'transfer') || job.control !== null) return [];
        const source = job.from === null ? null : (envs.get(job.from) as string);
        const rows = [jobs.get(job.key)?.progress?.evaluations ?? []];
        return { target: job.env, source, method: job.method, rows };
      }),
    ),
  };
}

/** The page's status when the study is finished. */
export function finishedStatus(result: StudyResult): ViewerStatus {
  const pairs = result.pairs.filter(({ control, method }) => !control && method !== GATE);
  const [pair] = pairs;
  const rows = ({ curves }: Arm): Rows[] =>
    curves.map(({ steps, returns }) => steps.map((step, i) => ({ step, mean: returns[i] })));
  const scratches = new Map(pairs.map(({ target, scratch }) => [target, scratch]));
  const several = pairs.length > 1;
  const names = (of: (each: typeof pair) => string): string => unique(pairs.map(of)).join(', ');
  return {
    caption: several
      ? `On ${names(({ target }) => target)}: some agents learned it from scratch, some came from ${names(({ source }) => source)}`
      : `Both agents play ${pair.target}: one learned it from scratch, one came from ${pair.source}`,
    verdict: several ? studyVerdict(result.pairs) : verdict(pair.comparison),
    ...studyCurves([
      ...[...scratches].map(([target, arm]) => ({ target, source: null, method: null, rows: rows(arm) })),
      ...pairs.map(({ source, target, method, transfer }) => ({ target, source, method, rows: rows(transfer) })),
    ]),
  };
}

type Rows = readonly { readonly step: number; readonly mean: number }[];

/** Runs of one kind: from scratch, where there is no source. */
interface ShownRuns {
  readonly target: string;
  readonly source: string | null;
  readonly method: string | null;
  readonly rows: readonly Rows[];
}

/** A curve for scratch on each target, and one for each transfer to it, named by what tells them apart. */
function studyCurves(runs: readonly ShownRuns[]): Required<Pick<ViewerStatus, 'curves' | 'curvesTitle'>> {
  const targets = unique(runs.map(({ target }) => target));
  const isOneMethod = unique(runs.flatMap(({ method }) => method ?? [])).length < 2;
  const labelOf = ({ target, source, method }: ShownRuns): string => {
    const name = source === null ? 'from scratch' : `from ${source}${isOneMethod ? '' : `, ${method}`}`;
    return targets.length > 1 ? `${name}, ${target}` : name;
  };
  const byLabel = new Map<string, ShownRuns>();
  for (const each of runs) {
    const label = labelOf(each);
    byLabel.set(label, { ...each, rows: [...(byLabel.get(label)?.rows ?? []), ...each.rows] });
  }
  return {
    curvesTitle: `return on ${targets.join(', ')}`,
    curves: [...byLabel].map(([label, { source, target, rows }]) => ({
      ...meanCurve(label, source === null ? 'scratch' : 'transferred', rows),
      env: target,
    })),
  };
}

const armName = (arm: JobProgress['arm']): string => (arm === 'transfer' ? 'transferred' : arm);

/** Null before it is there. */
function readPlan(study: Study, key: string): TransferPlan | null {
  const entry = study.jobs.find(({ job }) => job.key === key) as StudyTask;
  return readStored<TransferPlan>((entry.task as TrainTask).folder, 'transfer.json');
}

/** What `npm start -- --json FILE` writes: one pair, its seeds, curves and every metric with its interval. */
export function demoJson({ version, backend, kernels, pairs, seeds, options, seconds }: StudyResult) {
  const [{ source, target, method, scratch, transfer, random, comparison, plan }] = pairs;
  return {
    version,
    backend,
    kernels,
    source,
    target,
    method,
    seeds,
    sourceTimesteps: options.sourceTimesteps,
    targetTimesteps: options.targetTimesteps,
    random,
    curves: { scratch: scratch.curves, transfer: transfer.curves },
    metrics: comparison.metrics,
    arms: comparison.arms,
    outcome: comparison.outcome,
    p: comparison.p,
    verdict: verdict(comparison),
    plan,
    seconds,
  };
}
