import { beforeEach, expect, it, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import type { Store } from '../../src/runs/store.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (content: Uint8Array | undefined): string | undefined =>
  content && new TextDecoder().decode(content);

/** What every store must do; `stores` gives twenty views of one store, empty at the begin of each test. */
export function storeSuite(stores: () => readonly Store[]): void {
  let store: Store;
  beforeEach(() => ([store] = stores()));

  it('gives what was put, and undefined for what was not', async () => {
    expect(await store.get('config.json')).toBeUndefined();
    await store.put('config.json', bytes('{}'));
    await store.put('config.json', bytes('{"a":1}'));
    expect(text(await store.get('config.json'))).toBe('{"a":1}');
    expect(await store.get('config.json/under-a-file')).toBeUndefined();
  });

  it('lists keys by prefix, sorted, whole names or parts of them', async () => {
    expect(await store.list()).toEqual([]);
    for (const key of ['result.json', 'checkpoints/b', 'checkpoints/a', 'check', 'checkpoints/deep/c']) {
      await store.put(key, bytes(key));
    }
    expect(await store.list()).toEqual([
      'check',
      'checkpoints/a',
      'checkpoints/b',
      'checkpoints/deep/c',
      'result.json',
    ]);
    expect(await store.list('checkpoints/')).toEqual(['checkpoints/a', 'checkpoints/b', 'checkpoints/deep/c']);
    expect(await store.list('checkpoints/d')).toEqual(['checkpoints/deep/c']);
    expect(await store.list('check')).toHaveLength(4);
    expect(await store.list('absent/')).toEqual([]);
  });

  it('deletes, also what is absent', async () => {
    await store.put('a/b', bytes('x'));
    await store.delete('a/b');
    await store.delete('a/b');
    await store.delete('none/c');
    expect(await store.list()).toEqual([]);
  });

  it('lets exactly one of many writers put an absent key', async () => {
    const written = await Promise.all(stores().map((each, i) => each.putIfAbsent('result.json', bytes(String(i)))));
    expect(written.filter(Boolean)).toHaveLength(1);
    expect(text(await store.get('result.json'))).toBe(String(written.indexOf(true)));
  });

  test.each(['../a', 'a/../../b', '/etc/passwd', 'a//b', '', '.', 'a/.', '.tmp-x', 'a\\b', 'c:x', 'a\0b', 'a/'])(
    'refuses the key %j',
    async (key) => {
      await expect(store.put(key, bytes(''))).rejects.toThrow(UserError);
      await expect(store.get(key)).rejects.toThrow(/^bad key [^\n]+$/);
      await expect(store.delete(key)).rejects.toThrow('bad key');
    },
  );

  it('refuses to list outside of it', async () => {
    await expect(store.list('../')).rejects.toThrow('bad key');
  });
}
