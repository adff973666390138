import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { MetricsLog, readMetrics } from '../../src/runs/metrics-log.ts';

const row = (update: number) => ({ update, step: update * 128, loss: 1 / update });
const rows = (count: number) => Array.from({ length: count }, (_, i) => row(i + 1));

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-metrics-'));
  file = join(folder, 'run/metrics.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a metrics log', () => {
  it('gives back what was flushed, over several sessions', () => {
    expect(readMetrics(file)).toEqual([]);
    const log = new MetricsLog(file);
    log.append([row(1), row(2)]);
    expect(readMetrics(file)).toEqual([]);
    log.flush();
    expect(readMetrics(file)).toEqual(rows(2));
    log.append([row(3)]);
    log.close();
    log.close();
    const again = new MetricsLog(file);
    again.append([row(4)]);
    again.close();
    expect(readMetrics(file)).toEqual(rows(4));
    expect(readFileSync(file, 'utf8').split('\n')[0]).toBe('{"update":1,"step":128,"loss":1}');
  });

  it('writes numbers that JSON lacks as null', () => {
    const log = new MetricsLog(file);
    log.append([{ update: 1, episodeReturn: NaN, loss: Infinity }]);
    log.close();
    expect(readMetrics(file)).toEqual([{ update: 1, episodeReturn: null, loss: null }]);
  });

  it('cuts back to an update or a step, leaving the bytes before it as they were', () => {
    const log = new MetricsLog(file);
    log.append([row(1), row(2), { update: 2, note: 'größer' }, row(3), row(4)]);
    log.flush();
    const before = readFileSync(file, 'utf8');
    log.truncateAfter(2);
    expect(readFileSync(file, 'utf8')).toBe(before.split('\n').slice(0, 3).join('\n') + '\n');
    log.append([row(3)]);
    log.truncateAfter(3 * 128, 'step');
    expect(readMetrics(file)).toHaveLength(4);
    log.truncateAfter(0);
    log.close();
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('drops a half-written last line, and goes on after the one before it', () => {
    const log = new MetricsLog(file);
    log.append([row(1), row(2)]);
    log.close();
    appendFileSync(file, '{"update":3,"st');
    expect(readMetrics(file)).toEqual(rows(2));
    const again = new MetricsLog(file);
    again.append([row(3)]);
    again.close();
    expect(readMetrics(file)).toEqual(rows(3));
  });

  it('names the file and the line that is no JSON object', () => {
    new MetricsLog(file).close();
    for (const bad of ['{"update":1}\n{"upd\n{"update":3}\n', '{"update":1}\n[3]\n']) {
      writeFileSync(file, bad);
      expect(() => readMetrics(file)).toThrow(UserError);
      expect(() => readMetrics(file)).toThrow(`${file}: line 2 is no JSON object`);
    }
  });

  it('keeps the file as it was where the disk is full, and says so', () => {
    const log = new MetricsLog(file);
    log.append([row(1)]);
    log.close();
    const program = fileURLToPath(new URL('./metrics-writer.ts', import.meta.url));
    const command = 'ulimit -f 64; exec "$0" --import tsx "$1" "$2"';
    const run = spawnSync('bash', ['-c', command, process.execPath, program, file], { encoding: 'utf8' });
    expect(run.stdout).toBe(
      `UserError: can't write ${file}: the file would be larger than the limit allows (EFBIG)\nretried: 2 rows\n`,
    );
    expect(readMetrics(file)).toHaveLength(2);
  });
});
