import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isCi } from '../../scripts/debian.ts';
import { findMoto } from '../../scripts/moto.ts';
import { UserError } from '../../src/core/errors.ts';
import { openStore } from '../../src/runs/open-store.ts';
import type { Store } from '../../src/runs/store.ts';
import { BUCKET, type S3Server, startMoto } from '../servers/moto.ts';
import { bytes, storeSuite } from './store-suite.ts';

describe.skipIf(!findMoto() && !isCi())('an S3 store', () => {
  let server: S3Server;
  let stores: Store[];
  let test = 0;
  const before = { ...process.env };
  beforeAll(async () => {
    server = await startMoto();
    Object.assign(process.env, server.env);
  });
  afterAll(async () => {
    process.env = before;
    await server.stop();
  });
  beforeEach(async () => {
    test++;
    stores = await Promise.all(Array.from({ length: 20 }, () => openStore(`s3://${BUCKET}/test/${test}`)));
  });
  afterEach(() => void (stores = []));

  storeSuite(() => stores);

  it('lists more keys than one answer of the server holds', async () => {
    const [store] = stores;
    const keys = Array.from({ length: 1003 }, (_, i) => `many/${String(i).padStart(4, '0')}`);
    for (let i = 0; i < keys.length; i += 20) {
      await Promise.all(keys.slice(i, i + 20).map((key, j) => stores[j].put(key, bytes(key))));
    }
    expect(await store.list()).toEqual(keys);
  });

  it('says in a line what is wrong with a bucket that is not there, and with a bad place', async () => {
    const absent = await openStore('s3://no-such-bucket/a');
    await expect(absent.put('x', bytes('x'))).rejects.toThrow(UserError);
    await expect(absent.put('x', bytes('x'))).rejects.toThrow(/^can't write s3:\/\/no-such-bucket\/a\/x: [^\n]+$/);
    for (const place of ['s3://', 'gs://bucket/a']) await expect(openStore(place)).rejects.toThrow('bad store');
  });
});
