import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventWriter } from '../../src/runs/tensorboard.ts';

const at = (seconds: number) => () => seconds * 1000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngplus-events-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Two sessions: the second goes on from step 300. */
function writeTwoSessions(): [string, string] {
  const first = new EventWriter(folder, undefined, at(1_700_000_000.25));
  first.scalars(0, { 'train/loss': 0.5, größe: -1e30 });
  first.scalars(300, { 'train/loss': 0.25, missing: NaN });
  first.scalars(5_000_000_000, { 'train/loss': 0.125 });
  first.close();
  const second = new EventWriter(folder, 300, at(1_700_001_000));
  second.scalars(428, { 'train/loss': 7 });
  second.close();
  return [first.file, second.file];
}

describe('event files', () => {
  // These bytes were read back with tensorboard 2.21.0 (Python), which checks every checksum:
  //   EventAccumulator(folder).Reload(); [(e.wall_time, e.step, e.value) for e in accumulator.Scalars('train/loss')]
  // gave [(1700000000.25, 0, 0.5), (1700000000.25, 300, 0.25), (1700001000.0, 428, 7.0)] for both sessions.
  const EXPECTED = [
    '1a00000000000000129bd82d0900001040fc54d94110001a0d627261696e2e4576656e743a3252ef9793',
    '300000000000000095f5d05f0900001040fc54d94110002a230a110a0a747261696e2f6c6f7373150000003f' +
      '0a0e0a076772c3b6c39f6515caf249f15adeeaed',
    '2d000000000000003c418afb0900001040fc54d94110ac022a1f0a110a0a747261696e2f6c6f7373150000803e' +
      '0a0a0a036e616e150000c07f7059ab85',
  ];

  it('are the bytes that TensorBoard was seen to read', () => {
    const writer = new EventWriter(folder, undefined, at(1_700_000_000.25));
    writer.scalars(0, { 'train/loss': 0.5, größe: -1e30 });
    writer.scalars(300, { 'train/loss': 0.25, nan: NaN });
    writer.close();
    expect(readFileSync(writer.file).toString('hex')).toBe(EXPECTED.join(''));
  });

  it('are named as TensorBoard looks for them, one for each session', () => {
    const files = writeTwoSessions().map((file) => basename(file));
    expect(files[0]).toMatch(/^events\.out\.tfevents\.1700000000\./);
    expect(files[1]).toMatch(/^events\.out\.tfevents\.1700001000\./);
  });

  it('are refused after close', () => {
    const writer = new EventWriter(folder);
    writer.close();
    writer.close();
    expect(() => writer.scalars(1, { a: 1 })).toThrow('is closed');
  });

  const hasPython = spawnSync('python3', ['-c', 'import tensorboard']).status === 0;

  it.skipIf(!hasPython)('are read by TensorBoard, without what came after a checkpoint (where it is installed)', () => {
    writeTwoSessions();
    const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
accumulator = EventAccumulator(sys.argv[1])
accumulator.Reload()
tags = accumulator.Tags()['scalars']
print(json.dumps({tag: [[e.wall_time, e.step, e.value] for e in accumulator.Scalars(tag)] for tag in tags}))`;
    const output = execFileSync('python3', ['-c', script, folder], { encoding: 'utf8', stdio: 'pipe' });
    const read = JSON.parse(output.replace('NaN', 'null'));
    expect(read).toEqual({
      'train/loss': [
        [1_700_000_000.25, 0, 0.5],
        [1_700_000_000.25, 300, 0.25],
        [1_700_001_000, 428, 7],
      ],
      größe: [[1_700_000_000.25, 0, Math.fround(-1e30)]],
      missing: [[1_700_000_000.25, 300, null]],
    });
  });
});
