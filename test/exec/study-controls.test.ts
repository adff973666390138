import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { studyText } from '../../src/cli/study-session.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { inlineExecutor } from '../../src/exec/inline.ts';
import { writeReport } from '../../src/exec/report.ts';
import { readStudyStatus } from '../../src/exec/study-status.ts';
import { describeStudy, runStudy, type Study, type StudyResult } from '../../src/exec/study.ts';
import { decodeCheckpoint } from '../../src/runs/checkpoint.ts';
import type { RunResult } from '../../src/runs/run.ts';
import { STUDY_CONTROLS } from '../../src/transfer/study.ts';
import { timeless, tinyStudy } from './tiny-study.ts';

let folder: string;
let plain: StudyResult;
let result: StudyResult;
let study: Study;
const ran: string[] = [];

/** The folder holds the study without controls when those are added to it. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-controls-'));
  const { backend, kernels } = await loadEngine('wasm');
  const describedWith = (controls: typeof STUDY_CONTROLS | []): Study =>
    describeStudy(tinyStudy({ controls: [...controls], methods: ['full', 'head-only'] }), folder, { backend, kernels });
  plain = await runStudy(describedWith([]), folder, inlineExecutor());
  study = describedWith(STUDY_CONTROLS);
  result = await runStudy(study, folder, inlineExecutor(), ({ key, progress }) => {
    if (progress?.phase === 'training') ran.push(key);
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pairOf = (control: string) => result.pairs.find((pair) => pair.control === control)!;
const taskOf = (key: string) => study.jobs.find(({ job }) => job.key === key)!.task;
const resultOf = (key: string): RunResult =>
  JSON.parse(readFileSync(join(folder, 'jobs', taskOf(key).id, 'result.json'), 'utf8'));
const startOf = (key: string, step = '000000000000') =>
  decodeCheckpoint(readFileSync(join(folder, 'jobs', taskOf(key).id, 'checkpoints', `${step}.safetensors`))).params;

describe('a study with controls', () => {
  it('has a comparison of each with scratch, after the transfers', () => {
    const target = 'acrobot?maxSteps=50';
    expect(result.pairs.map(({ source, method, control }) => [source, method, control])).toEqual([
      ['cartpole', 'full', null],
      ['cartpole', 'head-only', null],
      ['cartpole', 'full', 'random-trunk'],
      ['cartpole', 'full', 'shuffled'],
      [target, 'full', 'same-game'],
      [target, 'scratch', 'scratch-long'],
    ]);
    for (const pair of result.pairs) {
      expect(pair.target).toBe(target);
      expect(pair.scratch).toEqual(result.pairs[0].scratch);
      expect(pair.transfer.curves.map(({ steps }) => steps)).toEqual(pair.scratch.curves.map(({ steps }) => steps));
    }
    expect(new Set(result.pairs.map(({ transfer }) => transfer.label)).size).toBe(5);
  });

  it('has the transfers of the same study without, whose runs are not made again', () => {
    expect(plain.pairs.map(({ control }) => control)).toEqual([null, null]);
    const transfers = result.pairs.slice(0, 2);
    expect(JSON.parse(JSON.stringify(transfers))).toEqual(JSON.parse(JSON.stringify(plain.pairs)));
    const kinds = new Set(ran.map((key) => key.split('/')[0]));
    expect(kinds).toEqual(new Set(['source', ...STUDY_CONTROLS]));
    expect(ran.filter((key) => key.startsWith('source/cartpole'))).toEqual([]);
    expect(result.steps).toBe(plain.steps + 2 * (256 + 3 * 512 + 768));
  });

  it('is read back where the controls are the same, and made anew where they are not', async () => {
    const again = await runStudy(study, folder, inlineExecutor());
    expect(again).toEqual(JSON.parse(JSON.stringify(result)));
    const stored = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as StudyResult;
    expect(timeless(stored)).toEqual(JSON.parse(JSON.stringify(timeless(result))));
  });

  it('starts them as they say', () => {
    const target = 'acrobot?maxSteps=50';
    const trunk = 'trunk/0/kernel';
    const sorted = (values: Float32Array): Float32Array => values.toSorted();
    const source = startOf('source/cartpole/0', '000000000256')[trunk];
    expect(startOf(`transfer/cartpole->${target}/full/0`)[trunk]).toEqual(source);
    const shuffled = startOf(`shuffled/cartpole->${target}/full/0`)[trunk];
    expect(sorted(shuffled)).toEqual(sorted(source));
    expect(shuffled).not.toEqual(source);
    expect(sorted(startOf(`random-trunk/cartpole->${target}/full/0`)[trunk])).not.toEqual(sorted(source));
    const own = startOf(`source/${target}/0`, '000000000256');
    const same = startOf(`same-game/${target}->${target}/full/0`);
    for (const name of ['stem/kernel', trunk, 'heads/policy/kernel']) expect(same[name], name).toEqual(own[name]);
    expect(pairOf('same-game').plan?.entries[0].origin).toBe('copied');
    expect(pairOf('shuffled').plan?.control).toBe('shuffled');
  });

  it('compares scratch-long by what it did after the steps of a source', () => {
    const { transfer, plan, comparison } = pairOf('scratch-long');
    expect(plan).toBeNull();
    expect(comparison.sourceSteps).toBe(256);
    transfer.curves.forEach(({ steps, returns }, i) => {
      const { evaluations } = resultOf(`scratch-long/acrobot?maxSteps=50->acrobot?maxSteps=50/scratch/${i}`);
      expect(evaluations.map(({ step }) => step)).toEqual([0, 256, 512, 768]);
      expect(steps).toEqual([0, 256, 512]);
      expect(returns).toEqual(evaluations.slice(1).map(({ mean }) => mean));
    });
  });

  it('compares the first method with its own controls', () => {
    const rows = result.againstControls!.map(({ method, control }) => `${method} against ${control}`);
    expect(rows).toEqual(['full against random-trunk', 'full against shuffled']);
    const [{ comparison }] = result.againstControls!;
    expect(comparison.arms.scratch.area.value).toBe(pairOf('random-trunk').comparison.arms.transfer.area.value);
    expect(comparison.arms.transfer.area.value).toBe(result.pairs[0].comparison.arms.transfer.area.value);
  });

  it('tells how far they are', async () => {
    const { trainings, totalSteps, steps } = await readStudyStatus(folder);
    expect(trainings).toHaveLength(study.jobs.length - 1);
    expect(totalSteps).toBe(result.steps);
    expect(steps).toBe(result.steps);
  });

  it('shows them apart in the report, in the text and in the tables', async () => {
    await writeReport(folder, result);
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    const [report, pairs] = [read('report.html'), read('pairs.csv')];
    expect(report).toContain('Controls');
    for (const control of STUDY_CONTROLS) expect(report).toContain(`<b>${control}</b>:`);
    const rows = pairs
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split(',')[3]);
    expect(rows).toEqual(['', '', ...STUDY_CONTROLS]);
    expect(readdirSync(join(folder, 'figures')).filter((name) => name.startsWith('matrix'))).toHaveLength(2);
    const text = studyText(result, { width: 80, color: false });
    expect(text.match(/Transfer plan:/g)).toHaveLength(2);
    for (const control of STUDY_CONTROLS) expect(text).toContain(`\n  ${control}: `);
    expect(text).toContain('Of 2 comparisons with learning from scratch');
    expect(text).not.toContain('After Holm');
    const [pair] = result.pairs;
    const decided = { ...pair, comparison: { ...pair.comparison, outcome: 'helped' as const }, holm: 0.06 };
    const taken = studyText({ ...result, pairs: [decided] }, { width: 80, color: false });
    expect(taken).toContain('\nAfter Holm’s correction over the pairs this is no clear difference.\n');
  });
});
