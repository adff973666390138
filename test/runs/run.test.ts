import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoppedError, UserError } from '../../src/core/errors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { decodeCheckpoint } from '../../src/runs/checkpoint.ts';
import type { RunConfig } from '../../src/runs/config.ts';
import { readMetrics } from '../../src/runs/metrics-log.ts';
import { RESUME_KEY, type RunProgress, type RunResult, trainRun } from '../../src/runs/run.ts';
import { decodeState } from '../../src/runs/state-codec.ts';
import type { EvaluationRow } from '../../src/runs/training.ts';
import { outcome, stopAfter, timeless, tinyConfig } from './tiny-run.ts';

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Trains until the run is over, stopping each session after as many reports of progress. */
async function trainInParts(run: string, config: RunConfig, parts: readonly number[]): Promise<RunResult> {
  for (const part of parts) {
    let reports = 0;
    const hooks = { progress: () => void reports++, stopRequested: () => reports >= part };
    await expect(trainRun(run, config, null, hooks)).rejects.toThrow(StoppedError);
  }
  return trainRun(run, config, null);
}

describe('a run', () => {
  it('leaves its config, metrics, evaluations, checkpoints and result', async () => {
    const config = await tinyConfig({ seed: 3 });
    const progress: RunProgress[] = [];
    const report = (now: RunProgress): void =>
      void progress.push({ ...now, evaluations: [...now.evaluations] as EvaluationRow[] });
    const result = await trainRun(inside('run'), config, null, { progress: report });
    const { files, metrics } = outcome(inside('run'));
    expect(files).toEqual(['checkpoints', 'config.json', 'evaluations.jsonl', 'metrics.jsonl', 'result.json']);
    expect(JSON.parse(readFileSync(inside('run/config.json'), 'utf8'))).toEqual(config);
    expect(metrics.map(({ update }) => update)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(metrics.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => (i + 1) * 128));
    expect(result).toMatchObject({ step: 3072, updates: 24, checkpoint: 'checkpoints/000000003072.safetensors' });
    expect(result.evaluations.map(({ step }) => step)).toEqual([0, 512, 1024, 1536, 2048, 2560, 3072]);
    for (const { mean, returns } of result.evaluations) {
      expect(returns).toHaveLength(4);
      expect(mean).toBeCloseTo(returns.reduce((a, b) => a + b, 0) / 4, 10);
    }
    const last = progress[progress.length - 1];
    expect(last).toMatchObject({ step: 3072, totalTimesteps: 3072, phase: 'finished' });
    expect(last.evaluations).toEqual(result.evaluations.map(({ step, mean }) => ({ step, mean })));
    expect(progress.filter(({ phase }) => phase === 'evaluating')).toHaveLength(7);
    const bytes = readFileSync(join(inside('run'), result.checkpoint));
    expect(decodeCheckpoint(bytes).info).toMatchObject({ env: 'cartpole', step: 3072, seed: 3, algorithm: 'ppo' });
  });

  it('gives its result at once when it has finished, the same as at first', async () => {
    const config = await tinyConfig();
    const result = await trainRun(inside('run'), config, null);
    const again = await trainRun(inside('run'), config, null, {
      progress: () => expect.fail('trained again'),
    });
    expect(again).toEqual(result);
  });

  it('takes away what a kill right after the result left', async () => {
    const config = await tinyConfig({ totalTimesteps: 128, evaluations: 1 });
    await trainRun(inside('run'), config, null);
    writeFileSync(inside('run/resume.safetensors'), 'left over');
    await trainRun(inside('run'), config, null);
    expect(existsSync(inside('run/resume.safetensors'))).toBe(false);
  });

  it('has a training return of null where no episode ended', async () => {
    const config = await tinyConfig({ env: 'mountaincar', totalTimesteps: 128, evaluations: 1, evaluationEpisodes: 1 });
    const result = await trainRun(inside('run'), config, null);
    expect(result.trainingReturn).toBeNull();
    expect(await trainRun(inside('run'), config, null)).toEqual(result);
  });

  it('keeps the checkpoint of step 0 and as many as it is told, the newest', async () => {
    const config = await tinyConfig({ keepCheckpoints: 2 });
    const most = { count: 0 };
    const count = (): void => {
      const there = existsSync(inside('run/checkpoints')) ? readdirSync(inside('run/checkpoints')).length : 0;
      most.count = Math.max(most.count, there);
    };
    await trainRun(inside('run'), config, null, { progress: count });
    expect(readdirSync(inside('run/checkpoints'))).toEqual([
      '000000000000.safetensors',
      '000000002560.safetensors',
      '000000003072.safetensors',
    ]);
    expect(most.count).toBeLessThanOrEqual(3);
  });

  it('writes TensorBoard files on request, one a session', async () => {
    const config = await tinyConfig({ totalTimesteps: 512, evaluations: 2 });
    await expect(trainRun(inside('run'), config, null, stopAfter(2, { tensorboard: true }))).rejects.toThrow(
      StoppedError,
    );
    await trainRun(inside('run'), config, null, { tensorboard: true });
    const files = readdirSync(inside('run')).filter((name) => name.includes('tfevents'));
    expect(files).toHaveLength(2);
    for (const file of files) {
      const content = readFileSync(inside(`run/${file}`), 'latin1');
      for (const tag of ['brain.Event:2', 'policyLoss', 'evaluation/return']) expect(content).toContain(tag);
    }
  });

  it('leaves no tensors behind, stopped or finished', async () => {
    const config = await tinyConfig();
    const { tf } = await loadEngine('wasm');
    await trainInParts(inside('warm-up'), config, [2]);
    const { numTensors } = tf.memory();
    await trainInParts(inside('run'), config, [2, 3]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('a stopped run', () => {
  it('goes on to the same weights, evaluations and metrics as one that was not stopped', async () => {
    const config = await tinyConfig({ seed: 5 });
    await trainRun(inside('through'), config, null);
    await trainInParts(inside('parts'), config, [1, 2, 9, 3, 1]);
    expect(outcome(inside('parts'))).toEqual(outcome(inside('through')));
  });

  it('does so with masks, planes and a convolution', async () => {
    const config = await tinyConfig({
      env: 'breakout?brickRows=1',
      netConfig: { filters: 4, units: 16 },
      totalTimesteps: 1024,
      evaluations: 2,
      evaluationEpisodes: 2,
    });
    await trainRun(inside('through'), config, null);
    await trainInParts(inside('parts'), config, [3, 2]);
    expect(outcome(inside('parts'))).toEqual(outcome(inside('through')));
  });

  it('evaluates no more often, also where updates are longer than the time between evaluations', async () => {
    const config = await tinyConfig({ totalTimesteps: 512, evaluations: 100 });
    const through = await trainRun(inside('through'), config, null);
    expect(through.evaluations.map(({ step }) => step)).toEqual([0, 128, 256, 384, 512]);
    await trainInParts(inside('parts'), config, [3, 1, 2]);
    expect(outcome(inside('parts'))).toEqual(outcome(inside('through')));
    // The moment after an evaluation has been saved, at each of the five.
    const dieAfter = (count: number) => (now: RunProgress) => {
      const last = now.evaluations.at(-1);
      if (now.phase !== 'evaluating' && now.evaluations.length === count && last?.step === now.step) {
        throw new Error('the power went out');
      }
    };
    for (const count of [1, 2, 3, 4, 5]) {
      const dying = trainRun(inside('dying'), config, null, { progress: dieAfter(count) });
      await expect(dying).rejects.toThrow('the power went out');
    }
    await trainRun(inside('dying'), config, null);
    expect(outcome(inside('dying'))).toEqual(outcome(inside('through')));
  });

  it('counts the seconds of all its sessions', async () => {
    const config = await tinyConfig();
    await expect(trainRun(inside('run'), config, null, stopAfter(20))).rejects.toThrow(StoppedError);
    const { seconds: before } = decodeState(readFileSync(inside(`run/${RESUME_KEY}`)), 'resume') as { seconds: number };
    const { seconds } = await trainRun(inside('run'), config, null);
    expect(before).toBeGreaterThan(0);
    expect(seconds).toBeGreaterThan(before);
  });

  it('cuts metrics that were written after its last save', async () => {
    const config = await tinyConfig();
    await trainRun(inside('through'), config, null);
    await expect(
      trainRun(inside('run'), config, null, {
        progress: ({ step }) => {
          if (step === 11 * 128) throw new Error('the power went out');
        },
      }),
    ).rejects.toThrow('the power went out');
    expect(readMetrics(inside('run/metrics.jsonl')).map(({ update }) => update)).toHaveLength(11);
    await trainRun(inside('run'), config, null);
    expect(outcome(inside('run'))).toEqual(outcome(inside('through')));
  });
});

describe('a folder that holds another run', () => {
  it.each([
    ['seed', { seed: 2 }, 'seed: there 1, wanted 2'],
    ['env', { env: 'cartpole?gravity=12' }, 'env: there "cartpole", wanted "cartpole?gravity=12"'],
    ['netConfig', { netConfig: { units: 8 } }, 'netConfig.units: there 16, wanted 8'],
  ])('is refused, naming %s', async (_key, other, message) => {
    const config = await tinyConfig({ seed: 1 });
    await expect(trainInParts(inside('run'), config, [1, 1])).resolves.toBeDefined();
    const wanted = await tinyConfig({ seed: 1, ...other });
    await expect(trainRun(inside('run'), wanted, null)).rejects.toThrow(
      new UserError(`${inside('run')} holds another run (${message}); choose another folder`),
    );
  });

  it('is no other where only the label or the number of checkpoints differs', async () => {
    const result = await trainRun(inside('run'), await tinyConfig(), null);
    const renamed = await tinyConfig({ label: 'mine', keepCheckpoints: 9 });
    expect(await trainRun(inside('run'), renamed, null)).toEqual(result);
  });

  it('is refused where it holds work of another kind, which is left as it is', async () => {
    mkdirSync(inside('a study'));
    writeFileSync(inside('a study/study.json'), '{}');
    const refused = trainRun(inside('a study'), await tinyConfig(), null);
    await expect(refused).rejects.toThrow(new UserError(`${inside('a study')} holds a study; choose another folder`));
    expect(readdirSync(inside('a study'))).toEqual(['study.json']);
  });

  it('is refused where its config is no config', async () => {
    const config = await tinyConfig();
    for (const content of ['{"format":', '[]', 'null', '7']) {
      writeFileSync(inside('config.json'), content);
      const start = trainRun(folder, config, null);
      await expect(start).rejects.toThrow(UserError);
      await expect(start).rejects.toThrow(/config\.json is not (valid JSON|the config of a run)$/);
    }
  });
});

describe('options that do not fit each other', () => {
  it('leave no run behind', async () => {
    const config = await tinyConfig({ algorithmConfig: { numEnvs: 8, numSteps: 16, numMinibatches: 3 } });
    await expect(trainRun(inside('run'), config, null)).rejects.toThrow('numMinibatches 3 does not divide');
    expect(readdirSync(inside('run'))).toEqual([]);
  });
});

describe('what a run resumes from', () => {
  const RESUME = 'run/resume.safetensors';
  let config: RunConfig;
  beforeEach(async () => {
    config = await tinyConfig();
    await expect(trainRun(inside('run'), config, null, stopAfter(6))).rejects.toThrow(StoppedError);
  });

  const contents = (): Record<string, string> =>
    Object.fromEntries(
      (readdirSync(inside('run'), { recursive: true, withFileTypes: true }) ?? [])
        .filter((entry) => entry.isFile())
        .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'latin1')]),
    );

  it('is refused where it is truncated, corrupt or foreign; nothing is lost, and it goes on once mended', async () => {
    const whole = readFileSync(inside(RESUME));
    const flipped = Buffer.from(whole);
    flipped[whole.length - 100] ^= 4;
    const spoilt: [content: Buffer, message: RegExp][] = [
      [Buffer.alloc(0), /not a safetensors file/],
      [whole.subarray(0, 100), /truncated/],
      [whole.subarray(0, whole.length - 1), /truncated/],
      [flipped, /corrupt: its checksum does not match/],
      [Buffer.from('{"not": "ours"}'), /safetensors/],
      [readFileSync(inside('run/checkpoints/000000000512.safetensors')), /not a saved state of ngplus/],
    ];
    for (const [content, message] of spoilt) {
      writeFileSync(inside(RESUME), content);
      const before = contents();
      const start = trainRun(inside('run'), config, null);
      await expect(start).rejects.toThrow(UserError);
      await expect(start).rejects.toThrow(message);
      await expect(start).rejects.toThrow(inside(RESUME));
      expect(contents()).toEqual(before);
    }
    writeFileSync(inside(RESUME), whole);
    await trainRun(inside('run'), config, null);
    await trainRun(inside('through'), config, null);
    expect(outcome(inside('run'))).toEqual(outcome(inside('through')));
  });

  it("is refused where it is another run's", async () => {
    const other = await tinyConfig({ seed: 77 });
    await expect(trainRun(inside('other'), other, null, stopAfter(1))).rejects.toThrow(StoppedError);
    writeFileSync(inside(RESUME), readFileSync(inside('other/resume.safetensors')));
    await expect(trainRun(inside('run'), config, null)).rejects.toThrow(
      new UserError(`${inside(RESUME)} is of another run; delete it to start this one anew`),
    );
  });

  it('may be deleted: the run starts anew', async () => {
    rmSync(inside(RESUME));
    await trainRun(inside('run'), config, null);
    await trainRun(inside('through'), config, null);
    expect(outcome(inside('run'))).toEqual(outcome(inside('through')));
  });
});

describe('metrics', () => {
  it('are the same for the same seed, and others for another', async () => {
    for (const [name, seed] of Object.entries({ a: 1, b: 1, c: 2 })) {
      await trainRun(inside(name), await tinyConfig({ seed, totalTimesteps: 512 }), null);
    }
    const [a, b, c] = ['a', 'b', 'c'].map((name) => timeless(readMetrics(inside(`${name}/metrics.jsonl`))));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
});
