import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { studyText } from '../../src/cli/study-session.ts';
import { StoppedError } from '../../src/core/errors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { inlineExecutor } from '../../src/exec/inline.ts';
import { writeReport } from '../../src/exec/report.ts';
import { readStudyStatus } from '../../src/exec/study-status.ts';
import { describeStudy, runStudy, type Study, type StudyRequest, type StudyResult } from '../../src/exec/study.ts';
import { threadExecutor } from '../../src/exec/threads.ts';
import type { ResolvedBackend } from '../../src/runs/config.ts';
import type { RaceResult } from '../../src/runs/race.ts';
import { interpolate } from '../../src/stats/curve.ts';
import { timeless, tinyStudy } from './tiny-study.ts';

const TARGET = 'acrobot?maxSteps=50';
const GATED: Partial<StudyRequest> = {
  methods: ['full', 'head-only'],
  controls: ['shuffled'],
  gate: true,
  gateShare: 0.5,
  targetTimesteps: 16 * 128,
  evaluations: 4,
};

let folder: string;
let engine: ResolvedBackend;
let study: Study;
let result: StudyResult;
const inside = (name: string): string => join(folder, name);
const studyIn = (name: string, request: Partial<StudyRequest> = {}): Study =>
  describeStudy(tinyStudy({ ...GATED, ...request }), inside(name), engine);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-gate-'));
  const { backend, kernels } = await loadEngine('wasm');
  engine = { backend, kernels };
  study = studyIn('through');
  result = await runStudy(study, inside('through'), inlineExecutor());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a study with a gate', () => {
  it('has it beside the transfers, and the gates of candidates that know nothing as controls', () => {
    expect(result.pairs.map(({ source, method, control }) => [source, method, control])).toEqual([
      ['cartpole', 'full', null],
      ['cartpole', 'head-only', null],
      ['cartpole', 'gate', null],
      ['cartpole', 'full', 'shuffled'],
      [TARGET, 'gate', 'gate-scratch'],
      ['cartpole', 'gate', 'gate-shuffled'],
    ]);
    const sourceSteps = result.pairs.map(({ comparison }) => comparison.sourceSteps);
    expect(sourceSteps).toEqual([256, 256, 256, 256, 0, 256]);
  });

  it('races scratch and every method, each with a seed of its own', () => {
    const races = study.jobs.flatMap(({ job, task }) => (task.kind === 'race' ? [{ job, task }] : []));
    expect(races.map(({ job }) => job.key)).toEqual([
      `gate/cartpole->${TARGET}/gate/0`,
      `gate/cartpole->${TARGET}/gate/1`,
      `gate-scratch/${TARGET}->${TARGET}/gate/0`,
      `gate-scratch/${TARGET}->${TARGET}/gate/1`,
      `gate-shuffled/cartpole->${TARGET}/gate/0`,
      `gate-shuffled/cartpole->${TARGET}/gate/1`,
    ]);
    const of = (i: number): unknown[] =>
      races[i].task.candidates.map(({ config: { transfer } }) => transfer && [transfer.method, transfer.control]);
    expect([0, 2, 4].map(of)).toEqual([
      [null, ['full', undefined], ['head-only', undefined]],
      [null, null, null],
      [null, ['full', 'shuffled'], ['head-only', 'shuffled']],
    ]);
    const seeds = races.flatMap(({ task }) => task.candidates.map(({ config }) => config.seed));
    const others = study.jobs.filter(({ task }) => task.kind === 'train').map(({ job }) => job.seed);
    expect(new Set(seeds).size).toBe(18);
    expect(seeds.filter((seed) => others.includes(seed))).toEqual([]);
    for (const { task } of races) {
      for (const { config } of task.candidates) expect(config.totalTimesteps).toBe(16 * 128);
    }
    const parents = races.map(({ task }) => task.parents.length);
    expect(parents).toEqual([1, 1, 0, 0, 1, 1]);
  });

  it('is charged for all candidates together, and read at the evaluations of scratch', () => {
    const { transfer, scratch } = result.pairs[2];
    const [{ steps }] = scratch.curves;
    transfer.curves.forEach((curve, i) => {
      const { task } = study.jobs.find(({ job }) => job.key === `gate/cartpole->${TARGET}/gate/${i}`)!;
      const race: RaceResult = JSON.parse(readFileSync(inside(`through/jobs/${task.id}/result.json`), 'utf8'));
      expect(race.step).toBeGreaterThanOrEqual(16 * 128);
      expect(race.step).toBeLessThan(19 * 128);
      const own = race.evaluations;
      const read = steps.map((step) =>
        interpolate(
          own.map((row) => row.step),
          own.map((row) => row.mean),
          step,
        ),
      );
      expect(curve.steps).toEqual(steps);
      expect(curve.returns).toEqual(read);
    });
  });

  it('is the same on threads, and where it is stopped and resumed', async () => {
    const executor = threadExecutor(2);
    const threads = await runStudy(studyIn('threads'), inside('threads'), executor).finally(() => executor.close());
    expect(timeless(threads)).toEqual(timeless(result));
    for (const part of [1, 5, 23, 9]) {
      const inline = inlineExecutor();
      let reports = 0;
      const stopped = runStudy(studyIn('parts'), inside('parts'), inline, ({ arm }) => {
        if (arm === 'race' && ++reports === part) inline.stop();
      });
      await expect(stopped).rejects.toThrow(StoppedError);
      expect(existsSync(inside('parts/result.json'))).toBe(false);
    }
    const status = await readStudyStatus(inside('parts'));
    const races = status.trainings.filter(({ key }) => key.startsWith('gate/'));
    expect(Math.max(...races.map(({ step }) => step))).toBeGreaterThan(0);
    expect(timeless(await runStudy(studyIn('parts'), inside('parts'), inlineExecutor()))).toEqual(timeless(result));
  });

  it('may be added to a study: what it has is kept', async () => {
    await runStudy(studyIn('later', { gate: false, seeds: 2 }), inside('later'), inlineExecutor());
    const trained = new Set<string>();
    const later = await runStudy(studyIn('later'), inside('later'), inlineExecutor(), ({ arm, progress }) => {
      if (progress?.phase === 'training') trained.add(arm);
    });
    expect([...trained]).toEqual(['race']);
    expect(timeless(later)).toEqual(timeless(result));
  });

  it('is in the report and in the text as a method of its own', async () => {
    await writeReport(inside('through'), result);
    expect(existsSync(inside('through/figures/matrix-gate.svg'))).toBe(true);
    const text = studyText(result, { width: 80, color: false });
    expect(text).toContain(`cartpole → ${TARGET}, gate: `);
    expect(text).toContain('\n  gate-scratch: ');
  });
});
