import { hostname } from 'node:os';
import type { Job, Queue, QueueEvents, QueueEventsProducer, Worker } from 'bullmq';
import { UserError } from '../core/errors.ts';
import type { RunProgress } from '../runs/run.ts';
import { reviveError } from './executor.ts';
import type { TaskResult } from './task.ts';

/** What a job of the queue carries. */
export interface QueuedTask {
  /** Of the study's ngplus: another one may train to other weights. */
  readonly version: string;
  /** As text: PostgreSQL would sort the keys of its configs, which checkpoints keep as they are. */
  readonly task: string;
}

/** How far an attempt at a job is. */
export interface QueuedProgress {
  /** Counts the workers that took the job: what comes from an earlier one than was last heard of is stale. */
  readonly attempt: number;
  readonly worker: string;
  readonly progress: RunProgress;
}

export type QueuedJob = Job<QueuedTask, TaskResult>;

/** BullMQ's classes for one server. Its jobs wait in `tasks`; who is to stop one is told in `stops`. */
export interface QueueServer {
  /** The URL without what is secret. */
  readonly name: string;
  tasks(): Queue<QueuedTask, TaskResult>;
  taskEvents(): QueueEvents;
  worker(work: (job: QueuedJob) => Promise<TaskResult>, options: WorkerTuning): Worker<QueuedTask, TaskResult>;
  stops(): QueueEvents;
  stopper(): QueueEventsProducer;
}

export interface WorkerTuning {
  readonly name: string;
  readonly concurrency: number;
}

const TASKS = 'ngplus';
const STOPS = 'ngplus-stop';

/**
 * A worker that is killed is missed after a lock's duration and at most two looks for stalled jobs: 8 to 12 seconds. The
 * lock is renewed four times in that, by a thread that does nothing else.
 */
const TIMING = { lockDuration: 8_000, lockRenewTime: 2_000, stalledInterval: 2_000 };
/** How many workers may die of a job before it fails: it may be the job that kills them. */
const MAX_STALLS = 10;

/** @throws UserError for a URL that is not of a queue, or a server that can't be reached */
export async function openQueue(url: string): Promise<QueueServer> {
  const { isRedis, name } = parseQueueUrl(url);
  const { createPostgresBackend, Queue, QueueEvents, QueueEventsProducer, Worker } = await import('bullmq');
  await (isRedis ? tryRedis(url, name) : tryPostgres(url, name));
  // Both kinds of connection and backend go to the same classes; only their types differ.
  const options = {
    connection: (isRedis ? { url } : { connectionString: url, migrate: true, max: 4 }) as { url: string },
  };
  const backend = (isRedis ? [] : [createPostgresBackend]) as unknown as [];
  return {
    name,
    tasks: () => new Queue(TASKS, options, ...backend),
    taskEvents: () => new QueueEvents(TASKS, options, ...backend),
    worker: (work, tuning) => {
      const all = { ...options, ...tuning, ...TIMING, maxStalledCount: MAX_STALLS };
      return new Worker(TASKS, work, all, ...backend);
    },
    stops: () => new QueueEvents(STOPS, options, ...backend),
    stopper: () => new QueueEventsProducer(STOPS, options, ...backend),
  };
}

function parseQueueUrl(text: string): { isRedis: boolean; name: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? '';
  if (!url?.hostname || !['redis', 'rediss', 'postgres', 'postgresql'].includes(scheme)) {
    throw new UserError(
      `bad queue ${JSON.stringify(text)}; valid: redis://host:port, rediss://…, postgres://user@host/base`,
    );
  }
  return { isRedis: scheme.startsWith('redis'), name: `${scheme}://${url.host}${url.pathname}` };
}

async function tryRedis(url: string, name: string): Promise<void> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5_000 });
  // Each failure is an event besides, and the last one rejects the promise.
  let last: Error | undefined;
  redis.on('error', (error: Error) => (last = error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw unreachable(name, last ?? (error as Error));
  } finally {
    redis.disconnect();
  }
}

async function tryPostgres(connectionString: string, name: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
  } catch (error) {
    throw unreachable(name, error as Error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Where a name has several addresses, the error is one of several. */
function unreachable(name: string, error: Error & { errors?: Error[] }): UserError {
  const reason = error.message || error.errors?.map(({ message }) => message).join(', ');
  return new UserError(`can't reach the queue's server at ${name}: ${reason}`);
}

/** A worker among others. */
export const workerName = (): string => `${hostname()}-${process.pid}`;

/** An error as a queue keeps it: one line. */
export const failureText = ({ name, message }: Error): string => `${name}: ${message}`;

/** The error that `failureText` told of. */
export function reviveFailure(text: string): Error {
  const [, name = 'Error', message = text] = /^(\w*Error): (.*)$/s.exec(text) ?? [];
  return reviveError({ name, message });
}
