import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { NotFiniteError, StoppedError, UserError } from '../../src/core/errors.ts';
import { loadEngine } from '../../src/engine/index.ts';
import { registerGame } from '../../src/envs/index.ts';
import type { TaskExecutor } from '../../src/exec/executor.ts';
import { inlineExecutor } from '../../src/exec/inline.ts';
import { describeStudy, type JobProgress, runStudy, type Study, type StudyRequest } from '../../src/exec/study.ts';
import { threadExecutor } from '../../src/exec/threads.ts';
import type { ResolvedBackend } from '../../src/runs/config.ts';
import { souring } from '../runs/souring-game.ts';
import { timeless, tinyStudy } from './tiny-study.ts';

let folder: string;
let engine: ResolvedBackend;
const inside = (name: string): string => join(folder, name);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-study-'));
  const { backend, kernels } = await loadEngine('wasm');
  engine = { backend, kernels };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const studyIn = (name: string, request: Partial<StudyRequest> = {}): Study =>
  describeStudy(tinyStudy(request), inside(name), engine);

async function run(executor: TaskExecutor, study: Study, name: string, progress?: (job: JobProgress) => void) {
  try {
    return await runStudy(study, inside(name), executor, progress);
  } finally {
    await executor.close();
  }
}

const trainings = (name: string): string[] => readdirSync(inside(`${name}/jobs`)).sort();

describe('a study', () => {
  it('hands every option of transfer to its transfers, and to nothing else', () => {
    const { jobs } = studyIn('moved', { map: ['none=noop'], copy: 1, freeze: true, reset: ['none'] });
    const transfers = jobs.flatMap(({ task }) => (task.kind === 'train' && task.config.transfer) || []);
    expect(transfers).toHaveLength(2);
    for (const { map, reset, stageLearningRates } of transfers) {
      expect(map).toEqual(['none=noop']);
      expect(reset).toEqual(['trunk/0', 'heads/policy', 'heads/value']);
      expect(stageLearningRates).toEqual(['stem=0']);
    }
  });

  it('trains its sources with a net of their own, where it is told which', async () => {
    const sizes = { filters: 2, units: 8 };
    const request = { sources: ['breakout'], targets: ['breakout?paddleWidth=2'], netConfig: sizes };
    const study = studyIn('columns', {
      ...request,
      net: 'progressive',
      sourceNet: 'fastconv',
      methods: ['progressive'],
    });
    const nets = study.jobs.map(({ job, task }) => [job.arm, task.kind === 'train' ? task.config.net : null]);
    expect(new Map(nets as [string, string][])).toEqual(
      new Map([
        ['source', 'fastconv'],
        ['scratch', 'progressive'],
        ['transfer', 'progressive'],
        ['random', null],
      ]),
    );
    const [{ plan }] = (await run(inlineExecutor(), study, 'columns')).pairs;
    expect(plan?.entries.find(({ tensor }) => tensor === 'column/stem/kernel')).toMatchObject({ origin: 'copied' });
    expect(() => studyIn('unknown', { sourceNet: 'fastkonv' })).toThrow(/net "fastkonv".*fastconv/);
  });

  it('has the same result on threads as in this one, but for what clocks say', async () => {
    const inline = await run(inlineExecutor(), studyIn('inline'), 'inline');
    const threads = await run(threadExecutor(2), studyIn('threads'), 'threads');
    expect(timeless(threads)).toEqual(timeless(inline));
    expect(trainings('threads')).toEqual(trainings('inline'));
    for (const id of trainings('inline')) {
      const weights = (name: string): Buffer => {
        const checkpoints = inside(`${name}/jobs/${id}/checkpoints`);
        return readFileSync(join(checkpoints, readdirSync(checkpoints).sort().at(-1)!));
      };
      expect(weights('threads')).toEqual(weights('inline'));
    }
    const [pair] = inline.pairs;
    expect(pair).toMatchObject({ source: 'cartpole', target: 'acrobot?maxSteps=50', method: 'full' });
    expect(pair.scratch.curves.map(({ steps }) => steps)).toEqual([
      [0, 256, 512],
      [0, 256, 512],
    ]);
    expect(pair.plan?.entries[0]).toMatchObject({ tensor: 'stem/kernel', origin: 'mapped' });
    // Each seed is used once: no two runs share their luck.
    const seeds = Object.values(inline.seeds).flat();
    expect(new Set(seeds).size).toBe(6);
    expect(inline.steps).toBe(2 * 256 + 2 * 512 + 2 * 512);
    expect(JSON.parse(readFileSync(inside('inline/result.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(inline)));
  });

  it('reads what a method evaluates at other steps where scratch was evaluated', async () => {
    const request = { methods: ['jsrl'], methodConfig: { rollInEpisodes: 2 }, targets: ['cartpole?force=20'] };
    const result = await run(inlineExecutor(), studyIn('rolled', request), 'rolled');
    const [{ scratch, transfer }] = result.pairs;
    expect(transfer.curves.map(({ steps }) => steps)).toEqual(scratch.curves.map(({ steps }) => steps));
    expect(result.steps).toBeGreaterThan(2 * 256 + 2 * 512 + 2 * 512);
  });

  it('is stopped and resumed, again and again, to the same result', async () => {
    const expected = await run(inlineExecutor(), studyIn('through'), 'through');
    let sessions = 0;
    for (const part of [3, 9, 1, 14, 5]) {
      const executor = inlineExecutor();
      let reports = 0;
      const stop = (): void => {
        if (++reports === part) executor.stop();
      };
      const stopped = run(executor, studyIn('parts'), 'parts', stop);
      await expect(stopped).rejects.toThrow(StoppedError);
      expect(existsSync(inside('parts/result.json'))).toBe(false);
      sessions++;
    }
    expect(sessions).toBe(5);
    expect(timeless(await run(inlineExecutor(), studyIn('parts'), 'parts'))).toEqual(timeless(expected));
  });

  it('is read back at once when it has finished', async () => {
    const result = await run(inlineExecutor(), studyIn('done'), 'done');
    const idle: TaskExecutor = {
      slots: 1,
      run: () => expect.fail('ran a task'),
      stop: () => {},
      close: async () => {},
    };
    expect(await run(idle, studyIn('done'), 'done')).toEqual(JSON.parse(JSON.stringify(result)));
  });

  it('is refused in the folder of another one', async () => {
    await run(inlineExecutor(), studyIn('one', { targetTimesteps: 128 }), 'one');
    const other = run(inlineExecutor(), studyIn('one', { targetTimesteps: 256 }), 'one');
    await expect(other).rejects.toThrow(UserError);
    await expect(other).rejects.toThrow(`${inside('one')} holds another study`);
    writeFileSync(inside('one/study.json'), '{}');
    await expect(run(inlineExecutor(), studyIn('one'), 'one')).rejects.toThrow(UserError);
  });

  it('tells where each job stands', async () => {
    const seen: JobProgress[] = [];
    await run(inlineExecutor(), studyIn('watched', { targetTimesteps: 128 }), 'watched', (job) => seen.push(job));
    const keys = [...new Set(seen.map(({ key }) => key))];
    expect(keys.sort()).toEqual(
      studyIn('watched')
        .jobs.map(({ job }) => job.key)
        .toSorted(),
    );
    for (const key of keys) {
      const states = seen.filter((job) => job.key === key).map(({ state }) => state);
      expect(states[0]).toBe('running');
      expect(states.indexOf('finished')).toBe(states.length - 1);
    }
  });

  it('fails as a whole where a job fails, and goes on once that is mended', async () => {
    const study = studyIn('mended');
    const transfers = study.jobs.filter(({ job }) => job.arm === 'transfer');
    expect(transfers).toHaveLength(2);
    await run(inlineExecutor(), studyIn('whole'), 'whole');
    const parent = transfers[0].task.parents[0];
    let cut: Buffer | undefined;
    const file = join(inside(`mended/jobs/${parent}/checkpoints`), '000000000256.safetensors');
    const spoil = ({ key, state }: JobProgress): void => {
      if (key !== 'source/cartpole/0' || state !== 'finished') return;
      cut = readFileSync(file);
      writeFileSync(file, cut.subarray(0, 900));
    };
    const failing = run(inlineExecutor(), study, 'mended', spoil);
    await expect(failing).rejects.toThrow(UserError);
    await expect(failing).rejects.toThrow('000000000256.safetensors');
    writeFileSync(file, cut!);
    const mended = await run(inlineExecutor(), study, 'mended');
    expect(timeless(mended)).toEqual(timeless(JSON.parse(readFileSync(inside('whole/result.json'), 'utf8'))));
  });
});

describe('the jobs of a study', () => {
  it('go on without one that diverges, which is named at the end, whenever it is asked for again', async () => {
    registerGame(souring);
    const [good, bad] = ['souring?good=100000', 'souring?good=20'];
    const algorithmConfig = { numEnvs: 8, numSteps: 16, numMinibatches: 2, updateEpochs: 1, scaleRewards: false };
    const study = studyIn('sour', { sources: [good], targets: [bad, 'souring?good=99999'], algorithmConfig });
    const message = /^scratch 1: souring\?good=20 \(jobs\/[0-9a-f]{16}\): training diverged in update 2 /;
    const finished = (): number =>
      trainings('sour').filter((id) => existsSync(inside(`sour/jobs/${id}/result.json`))).length;
    for (let i = 0; i < 2; i++) {
      const error = await run(inlineExecutor(), study, 'sour').catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(NotFiniteError);
      expect((error as Error).message).toMatch(message);
      // All but two from scratch and two transfers.
      expect(finished()).toBe(study.jobs.filter(({ task }) => task.kind === 'train').length - 4);
    }
    expect(existsSync(inside('sour/result.json'))).toBe(false);
  });

  it('leave out what is in no pair', () => {
    const { jobs } = studyIn('x', { sources: ['cartpole'], targets: ['cartpole', 'acrobot'] });
    expect(new Set(jobs.map(({ job }) => job.key.replace(/\/\d+$/, '')))).toEqual(
      new Set(['source/cartpole', 'scratch/acrobot', 'transfer/cartpole->acrobot/full', 'random/acrobot']),
    );
  });

  it('are sources, scratch runs and transfers, each transfer from a source run of its own', () => {
    const study = studyIn('x', {
      sources: ['cartpole', 'acrobot'],
      targets: ['acrobot', 'mountaincar'],
      methods: ['full', 'head-only'],
      seeds: 3,
    });
    const count = (arm: string): number => study.jobs.filter(({ job }) => job.arm === arm).length;
    // Pairs: cartpole → acrobot, cartpole → mountaincar, acrobot → mountaincar; acrobot → acrobot is none.
    expect([count('source'), count('scratch'), count('transfer'), count('random')]).toEqual([6, 6, 18, 2]);
    const ids = study.jobs.map(({ task }) => task.id);
    expect(new Set(ids).size).toBe(ids.length);
    const byId = new Map(study.jobs.map((entry) => [entry.task.id, entry]));
    for (const { job, task } of study.jobs) {
      if (job.arm !== 'transfer') expect(task.parents).toEqual([]);
      else expect(task.parents.map((id) => byId.get(id)?.job.arm)).toEqual(['source']);
    }
    const ofPair = study.jobs.filter(({ job }) => job.key.startsWith('transfer/cartpole->acrobot/full/'));
    expect(new Set(ofPair.flatMap(({ task }) => task.parents)).size).toBe(3);
  });

  it('do not depend on the folder', () => {
    const ids = (name: string): string[] => studyIn(name).jobs.map(({ task }) => task.id);
    expect(ids('here')).toEqual(ids('there'));
    expect(studyIn('here', { seed: 1 }).jobs[0].task.id).not.toBe(ids('here')[0]);
  });

  it('give each method the options that it has', () => {
    const study = studyIn('x', { methods: ['full', 'frozen-then-full'], methodConfig: { unfreezeAt: 0.5 } });
    const configs = study.jobs.flatMap(({ job, task }) =>
      job.arm === 'transfer' && task.kind === 'train' ? [task.config.transfer?.methodConfig] : [],
    );
    expect(configs).toEqual([{}, {}, { unfreezeAt: 0.5 }, { unfreezeAt: 0.5 }]);
  });

  it('count what is named twice once', () => {
    const keys = (request: Partial<StudyRequest>): string[] => studyIn('x', request).jobs.map(({ job }) => job.key);
    expect(keys({ methods: ['full', 'full'], sources: ['cartpole', 'cartpole'] })).toEqual(keys({}));
    const inOrder = keys({ sources: ['cartpole', 'mountaincar'], targets: ['acrobot', 'acrobot'], pairs: 'in-order' });
    expect(inOrder.filter((key) => /^(transfer|random)/.test(key)).map((key) => key.replace(/\d+$/, ''))).toEqual([
      ...Array<string>(2).fill('transfer/cartpole->acrobot/full/'),
      ...Array<string>(2).fill('transfer/mountaincar->acrobot/full/'),
      'random/acrobot',
    ]);
    expect(new Set(inOrder).size).toBe(inOrder.length);
  });

  test.each<[request: Record<string, unknown>, message: RegExp]>([
    [
      { targets: ['cartpole'] },
      /^a study needs a source and a target that differ, but has sources cartpole; targets cartpole \(pairs: all\)$/,
    ],
    [
      { targets: ['acrobot'], pairs: 'same-game' },
      /^a study needs a source and a target of one game that differ, but has sources cartpole; targets acrobot /,
    ],
    [{ methods: [] }, /^methods: /],
    [
      { targets: ['acrobot'], map: ['pole=tip'] },
      /^from cartpole to acrobot: unknown name of the target in the map "tip"/,
    ],
    [{ methods: ['progressive'] }, /^from cartpole to acrobot\?maxSteps=50: progressive needs a net with a column/],
    [
      { methods: ['full', 'kickstart+l2-sp'], net: 'gru' },
      /^from cartpole to .*: kickstart looks at single observations/,
    ],
    [{ methods: ['l2-sp+ewc'], net: 'gru' }, /^from cartpole to .*: ewc looks at single observations/],
    [{ targets: ['breakout'], methods: ['qdagger'] }, /^from cartpole to breakout: a policy of cartpole can't see/],
    [{ targets: ['breakout'], methods: ['jsrl'] }, /^from cartpole to breakout: a policy of cartpole can't see/],
    [{ methods: ['full', 'jsrl+l2-sp'], gate: true }, /^jsrl\+l2-sp changes the episodes, .*: it can't race$/],
    [
      { targets: ['breakout?rng=mt19937'], sources: ['freeway'], gate: true, algorithmConfig: { numEnvs: 256 } },
      /^seed \d+ of 256 environments is too large for rng=mt19937/,
    ],
    [{ reset: ['none'], freeze: true }, /^from cartpole to .*: every tensor is frozen: nothing would learn$/],
    [
      { alignment: 'fresh', freeze: true },
      /^from cartpole to .*: stem starts fresh and is frozen: it would never learn; name it in reset/,
    ],
    [{ reset: ['none', 'heads'] }, /^reset: "none" can't stand beside "heads"$/],
    [{ stageLearningRates: ['stem=0.1', 'stem=0.5'] }, /^stageLearningRates: "stem" is given twice$/],
    [
      { targets: ['acrobot', 'mountaincar'], pairs: 'in-order' },
      /^pairs: in-order needs as many sources as targets, but there are 1 and 2$/,
    ],
    [{ sources: ['cartpol'] }, /^unknown game "cartpol" \(did you mean "cartpole"\?\)/],
    [{ methods: ['ful'] }, /^unknown method "ful"/],
    [{ seeds: 1 }, /^seeds: "1" is not valid; valid: whole number from 2 to 1000$/],
    [{ reset: ['head'] }, /^unknown stage "head"/],
    [{ methodConfig: { thaw: 1 } }, /^unknown option of full "thaw"/],
    [{ totalTimesteps: 100 }, /^unknown option of study "totalTimesteps"/],
    [{ stageLearningRates: ['stem'] }, /^stageLearningRates: "stem" is not valid/],
    [{ net: 'conv' }, /^net "conv" can't read features; valid: mlp, gpt, gru$/],
  ])('are refused before anything is written: %j', (request, message) => {
    const make = (): Study => studyIn('bad', request);
    expect(make).toThrow(UserError);
    expect(make).toThrow(message);
    expect(existsSync(inside('bad'))).toBe(false);
  });
});
