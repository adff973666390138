import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GraphJob, runGraph } from '../../src/exec/graph.ts';

const job = (id: string, ...parents: string[]): GraphJob => ({ id, parents });
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a graph of jobs', () => {
  it('runs in the order given where nothing waits', async () => {
    const order: string[] = [];
    await runGraph([job('a'), job('b'), job('c')], 1, async ({ id }) => void order.push(id));
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('runs a job as soon as its parents have ended, whatever else waits', async () => {
    const order: string[] = [];
    const jobs = [job('c', 'b'), job('a'), job('b', 'a'), job('d')];
    await runGraph(jobs, 1, async ({ id }) => void order.push(id));
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  it('runs nothing where there is nothing', async () => {
    await expect(runGraph([], 4, () => expect.fail('ran'))).resolves.toBeUndefined();
  });

  it('runs every job once, after its parents, never more than there are slots, and never fewer without need', async () => {
    // Each job may wait for any of those before it in some hidden order, and the jobs come in another.
    const graphs = fc.integer({ min: 1, max: 12 }).chain((count) =>
      fc.record({
        jobs: fc
          .tuple(...Array.from({ length: count }, (_, i) => fc.subarray(Array.from({ length: i }, (_, j) => `${j}`))))
          .map((parents) => parents.map((own, i) => job(`${i}`, ...own)))
          .chain((jobs) => fc.shuffledSubarray(jobs, { minLength: count })),
        slots: fc.integer({ min: 1, max: 4 }),
        ticks: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: count, maxLength: count }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(graphs, async ({ jobs, slots, ticks }) => {
        const ended = new Set<string>();
        const begun: string[] = [];
        let running = 0;
        await runGraph(jobs, slots, async ({ id, parents }) => {
          begun.push(id);
          for (const parent of parents) expect(ended).toContain(parent);
          expect(++running).toBeLessThanOrEqual(slots);
          for (let i = 0; i < ticks[Number(id)]; i++) await tick();
          running--;
          ended.add(id);
        });
        expect(begun.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      }),
      { numRuns: 60 },
    );
  });

  it('fills its slots', async () => {
    let running = 0;
    let most = 0;
    const jobs = Array.from({ length: 6 }, (_, i) => job(`${i}`));
    await runGraph(jobs, 3, async () => {
      most = Math.max(most, ++running);
      await tick();
      running--;
    });
    expect(most).toBe(3);
  });

  it('hands out nothing more after a failure, waits for the running ones, and throws it', async () => {
    const order: string[] = [];
    const failure = new Error('b fails');
    const running = runGraph([job('a'), job('b'), job('c'), job('d', 'a')], 2, async ({ id }) => {
      order.push(id);
      if (id === 'b') throw failure;
      await tick();
      order.push(`${id} ended`);
    });
    await expect(running).rejects.toBe(failure);
    expect(order).toEqual(['a', 'b', 'a ended']);
  });

  it('hands out all but its children after a failure that concerns it alone, and throws it at the end', async () => {
    const order: string[] = [];
    const failure = new Error('a fails');
    const fail = async ({ id }: GraphJob): Promise<void> => {
      order.push(id);
      if (id === 'a') throw failure;
      await tick();
    };
    const stop = (): void => expect.fail('stopped');
    const jobs = [job('a'), job('b', 'a'), job('c', 'b'), job('d'), job('e', 'd')];
    await expect(runGraph(jobs, 1, fail, stop, (error) => error === failure)).rejects.toBe(failure);
    expect(order).toEqual(['a', 'd', 'e']);
  });

  it('throws the first of several failures, also where a job fails before it waits', async () => {
    const fail = ({ id }: GraphJob): Promise<void> => {
      throw new Error(`${id} fails`);
    };
    await expect(runGraph([job('a'), job('b')], 2, async (each) => fail(each))).rejects.toThrow('a fails');
    await expect(runGraph([job('a'), job('b')], 2, fail)).rejects.toThrow('a fails');
  });

  it('says which jobs wait for parents that never run', async () => {
    const order: string[] = [];
    const run = async ({ id }: GraphJob): Promise<void> => void order.push(id);
    await expect(runGraph([job('a'), job('b', 'nowhere'), job('c', 'd'), job('d', 'c')], 2, run)).rejects.toThrow(
      'jobs wait for parents that never run: b,c,d',
    );
    expect(order).toEqual(['a']);
  });
});
