import type { Curve, ViewerStatus } from './protocol.ts';
import type { RunFolder } from './run-folder.ts';

/** Progress and learning curves of these runs; of sources only where there is nothing else. */
export function statusOf(runs: readonly RunFolder[]): Pick<ViewerStatus, 'jobs' | 'curves' | 'curvesTitle'> {
  const targets = runs.filter(({ arm }) => arm !== 'source');
  const shown = targets.length > 0 ? targets : runs;
  const envs = [...new Set(shown.map(({ env }) => env))];
  return {
    jobs: runs.map(({ id, label, arm, evaluations, totalTimesteps, isFinished }) => ({
      id,
      label,
      arm,
      state: isFinished ? 'finished' : 'running',
      progress: isFinished ? 1 : Math.min(1, (evaluations.at(-1)?.step ?? 0) / totalTimesteps),
    })),
    curves: envs.flatMap((env) => curvesOn(env, shown, envs.length > 1)),
    curvesTitle: `return on ${envs.join(', ')}`,
  };
}

/** One curve for each arm on this environment. */
function curvesOn(env: string, runs: readonly RunFolder[], namesEnv: boolean): Curve[] {
  const here = runs.filter((run) => run.env === env);
  const arms = [...new Set(here.map(({ arm }) => arm))];
  return arms.map((arm) => {
    const members = here.filter((run) => run.arm === arm);
    const name = arm ?? (members.length === 1 ? members[0].label : env);
    const label = namesEnv && name !== env ? `${name}, ${env}` : name;
    const rows = members.map(({ evaluations }) => evaluations);
    return { ...meanCurve(label, arm ?? '', rows), env };
  });
}

/** The mean of the runs that have come so far at each evaluation, with the lowest and the highest of them. */
export function meanCurve(
  label: string,
  arm: string,
  runs: readonly (readonly { readonly step: number; readonly mean: number }[])[],
): Curve {
  const steps = [...new Set(runs.flatMap((rows) => rows.map(({ step }) => step)))].toSorted((a, b) => a - b);
  return {
    label,
    arm,
    points: steps.map((step) => {
      const means = runs.flatMap((rows) => rows.find((row) => row.step === step)?.mean ?? []);
      const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
      return means.length === 1 ? [step, mean] : [step, mean, Math.min(...means), Math.max(...means)];
    }),
  };
}
