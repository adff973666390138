import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { findMoto } from '../../scripts/moto.ts';
import { end, freePort, type Server, startServer } from './process.ts';

/** What S3's clients and the processes that a test starts read. */
export interface S3Server extends Server {
  readonly env: Readonly<Record<string, string>>;
}

export const BUCKET = 'studies';

/** An S3 server of its own, in its memory, with one empty bucket. */
export async function startMoto(): Promise<S3Server> {
  const port = await freePort();
  const args = ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)];
  const child = await startServer('python3', args, /Running on/, { env: { ...process.env, PYTHONPATH: findMoto() } });
  const url = `http://127.0.0.1:${port}`;
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new S3Client({ endpoint: url, region: 'us-east-1', credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return { url, env, stop: () => end(child) };
}
