import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../core/errors.ts';
import { checkKey, type Store } from './store.ts';

/** Between attempts at a key that another is writing. */
const CONFLICT_WAIT_MS = 100;

/**
 * A store in a bucket of S3 or of what speaks its language, under a prefix. Server, region and credentials are those
 * that Amazon's tools take: AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ~/.aws. The server
 * must know conditional writes (`If-None-Match`). Throws a `UserError` naming the object where the server refuses or
 * can't be reached.
 */
export class S3Store implements Store {
  private readonly client: S3Client;
  private readonly bucket: string;
  /** Empty, or ends with a slash. */
  private readonly prefix: string;

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const command = new PutObjectCommand({ ...this.object(key), Body: bytes });
    await this.doing('write', key, () => this.client.send(command));
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const command = new PutObjectCommand({ ...this.object(key), Body: bytes, IfNoneMatch: '*' });
    const status = await this.doing('write', key, () =>
      this.client.send(command).then(
        () => 200,
        (error: S3ServiceException) => {
          const { httpStatusCode } = error.$metadata ?? {};
          if (httpStatusCode === 412 || httpStatusCode === 409) return httpStatusCode;
          throw error;
        },
      ),
    );
    // 409: another write of the key was under way, and may yet fail.
    if (status !== 409) return status === 200;
    await sleep(CONFLICT_WAIT_MS);
    return this.putIfAbsent(key, bytes);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const command = new GetObjectCommand(this.object(key));
    return this.doing('read', key, async () => {
      try {
        const { Body } = await this.client.send(command);
        return await Body?.transformToByteArray();
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    });
  }

  async list(prefix = ''): Promise<string[]> {
    if (prefix !== '') checkKey(`${prefix}x`);
    return this.doing('list', prefix, async () => {
      const keys: string[] = [];
      const request = { Bucket: this.bucket, Prefix: this.prefix + prefix };
      for await (const { Contents = [] } of paginateListObjectsV2({ client: this.client }, request)) {
        for (const { Key = '' } of Contents) keys.push(Key.slice(this.prefix.length));
      }
      return keys.sort();
    });
  }

  async delete(key: string): Promise<void> {
    await this.doing('delete', key, () => this.client.send(new DeleteObjectCommand(this.object(key))));
  }

  private object(key: string): { Bucket: string; Key: string } {
    checkKey(key);
    return { Bucket: this.bucket, Key: this.prefix + key };
  }

  private async doing<T>(action: string, key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { name, message } = error as Error;
      throw new UserError(`can't ${action} s3://${this.bucket}/${this.prefix}${key}: ${message || name} (${name})`);
    }
  }
}

/** @throws UserError for what is not `s3://bucket/prefix` */
export function openS3Store(place: string): S3Store {
  const [, bucket, prefix = ''] = /^s3:\/\/([\w.-]+)(?:\/(.*?))?\/*$/.exec(place) ?? [];
  if (!bucket) throw new UserError(`bad store ${JSON.stringify(place)}; valid: a folder, or s3://bucket/prefix`);
  // Servers of one's own have no host name for each bucket, and older ones no checksums.
  const client = new S3Client({
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return new S3Store(client, bucket, prefix === '' ? '' : `${prefix}/`);
}
