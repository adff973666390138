import { execFileSync, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { FolderStore } from '../../src/runs/store.ts';
import { bytes, storeSuite, text } from './store-suite.ts';

const program = fileURLToPath(new URL('./store-writer.ts', import.meta.url));

let folder: string;
let store: FolderStore;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'ngplus-store-')), 'run');
  store = new FolderStore(folder);
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

describe('a folder store', () => {
  const stores = () => Array.from({ length: 20 }, () => new FolderStore(folder));
  storeSuite(stores);

  it('keeps what was put as files, and nothing else', async () => {
    await Promise.all(stores().map((each, i) => each.putIfAbsent('result.json', bytes(String(i)))));
    await store.put('config.json', bytes('{"a":1}'));
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).toBe('{"a":1}');
    expect(readdirSync(folder)).toEqual(['config.json', 'result.json']);
  });

  it('makes no folder for a bad key', async () => {
    await expect(store.put('../a', bytes(''))).rejects.toThrow('bad key');
    expect(existsSync(folder)).toBe(false);
  });

  it('names the file where a folder stands in the way', async () => {
    await store.put('a/b', bytes('x'));
    await expect(store.put('a', bytes('y'))).rejects.toThrow(`can't write ${join(folder, 'a')}: it is a folder`);
    await expect(store.put('a/b/c', bytes('y'))).rejects.toThrow(UserError);
    expect(text(await store.get('a/b'))).toBe('x');
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('kill -9 while writing', () => {
  it('leaves whole content, and leftovers are neither listed nor kept', async () => {
    const sizes = new Set<number>();
    const temporary = () => readdirSync(folder).filter((name) => name.startsWith('.tmp-'));
    let leftovers = 0;
    for (let round = 0; round < 6; round++) {
      const child = fork(program, ['forever', folder], { execArgv: ['--import', 'tsx'] });
      await once(child, 'message');
      await new Promise((resolve) => setTimeout(resolve, 20 + 13 * round));
      // Every second one is killed as soon as a write of its is seen, which makes leftovers all but certain.
      const seen = new Set(temporary());
      if (round % 2) while (temporary().every((name) => seen.has(name)));
      child.kill('SIGKILL');
      await once(child, 'exit');
      leftovers += temporary().length;
      const content = (await store.get('weights'))!;
      sizes.add(content.length);
      expect(new Set(content).size).toBe(1);
      expect(await store.list()).toEqual(['weights']);
    }
    expect([...sizes]).toEqual([4_000_000]);
    expect(leftovers).toBeGreaterThan(0);
    await new FolderStore(folder).put('weights', bytes('new'));
    expect(readdirSync(folder)).toEqual(['weights']);
  });

  it('keeps the temporary files of the living, and of other hosts for a day', async () => {
    mkdirSync(folder);
    const other = join(folder, '.tmp-elsewhere-1-2-ab');
    const old = join(folder, '.tmp-elsewhere-1-2-cd');
    writeFileSync(other, '');
    writeFileSync(old, '');
    utimesSync(old, 0, 0);
    await store.put('a', bytes('x'));
    expect(readdirSync(folder).sort()).toEqual(['.tmp-elsewhere-1-2-ab', 'a']);
  });
});

describe('a full disk', () => {
  /** Puts 4 MB over a small file, in a process whose files may have at most 64 kB. */
  const withLimit = (): string => {
    const command = `ulimit -f 64; exec "$0" --import tsx "$1" once "$2"`;
    const run = spawnSync('bash', ['-c', command, process.execPath, program, folder], { encoding: 'utf8' });
    return run.stdout + run.stderr;
  };

  it('is a UserError that names the file and leaves the old content (file size limit)', async () => {
    await store.put('weights', bytes('old'));
    expect(withLimit()).toBe(
      `UserError: can't write ${join(folder, 'weights')}: the file would be larger than the limit allows (EFBIG)\n`,
    );
    expect(text(await store.get('weights'))).toBe('old');
    expect(readdirSync(folder)).toEqual(['weights']);
  });

  it('is one where the disk itself is full (a small file system, where it may be mounted)', async ({ skip }) => {
    mkdirSync(folder);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]);
    if (mount.status !== 0) skip('mounting is not permitted here');
    try {
      await store.put('weights', bytes('old'));
      const full = store.put('weights', new Uint8Array(4_000_000));
      await expect(full).rejects.toThrow(UserError);
      await expect(full).rejects.toThrow(`can't write ${join(folder, 'weights')}: no space left on the disk (ENOSPC)`);
      expect(text(await store.get('weights'))).toBe('old');
      expect(readdirSync(folder)).toEqual(['weights']);
      await store.put('weights', bytes('new'));
      expect(text(await store.get('weights'))).toBe('new');
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
