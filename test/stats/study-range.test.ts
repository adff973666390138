import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../../src/engine/index.ts';
import { inlineExecutor } from '../../src/exec/inline.ts';
import { describeStudy, isOtherStudy, runStudy } from '../../src/exec/study.ts';
import { tinyStudy } from '../exec/tiny-study.ts';

describe('the reference range of a study', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ngplus-range-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('reaches the comparison, and belongs to what makes the study', async () => {
    const { backend, kernels } = await loadEngine('wasm');
    const study = (referenceRange?: number) =>
      describeStudy(tinyStudy({ referenceRange }), folder, { backend, kernels });
    const executor = inlineExecutor();
    const { options, pairs } = await runStudy(study(500), folder, executor).finally(() => executor.close());
    // Acrobot is not learned in 512 steps, so that the difference decides; returns go from −50 to 0.
    const [{ comparison }] = pairs;
    expect(options.referenceRange).toBe(500);
    expect(comparison).toMatchObject({ referenceRange: 500, primary: 'scaledDifference' });
    expect(comparison.metrics.scaledDifference.value).toBe(comparison.metrics.difference.value! / 500);
    expect(await isOtherStudy(folder, study(500))).toBe(false);
    expect(await isOtherStudy(folder, study(50))).toBe(true);
    expect(await isOtherStudy(folder, study())).toBe(true);
    expect(study().options.referenceRange).toBe(0);
    expect(() => study(-1)).toThrow(/referenceRange: "-1" is not valid/);
  });
});
