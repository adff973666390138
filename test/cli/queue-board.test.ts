import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCi } from '../../scripts/debian.ts';
import { findRedis } from '../../scripts/servers.ts';
import { type QueueBoard, startQueueBoard } from '../../src/cli/queue-board.ts';
import { openQueue, type QueueServer } from '../../src/exec/queue.ts';
import { freePort, type Server } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';

describe.skipIf(!findRedis() && !isCi())("a queue's board", () => {
  let redis: Server;
  let queue: QueueServer;
  let board: QueueBoard;
  beforeAll(async () => {
    redis = await startRedis();
    queue = await openQueue(redis.url);
    board = await startQueueBoard(queue, await freePort());
  });
  afterAll(async () => {
    await board.close();
    await redis.stop();
  });

  it('shows the jobs that wait, and can change none', async () => {
    const tasks = queue.tasks();
    const job = await tasks.add('a training', { version: '0', task: '{}' });
    expect(await (await fetch(board.url)).text()).toContain('<html');
    const { queues } = (await (await fetch(`${board.url}api/queues?activeQueue=ngplus`)).json()) as {
      queues: { name: string; readOnlyMode: boolean; jobs: { name: string }[] }[];
    };
    expect(queues).toMatchObject([{ name: 'ngplus', readOnlyMode: true, jobs: [{ name: 'a training' }] }]);
    const removed = await fetch(`${board.url}api/queues/ngplus/${job.id}/clean`, { method: 'PUT' });
    expect(removed.ok).toBe(false);
    expect(await job.isWaiting()).toBe(true);
    await tasks.close();
  });

  it('answers to no other host name', async () => {
    const status = await new Promise((resolve) => {
      request(board.url, { headers: { host: 'elsewhere.example' } }, ({ statusCode }) => resolve(statusCode)).end();
    });
    expect(status).toBe(403);
  });

  it('says that its port is taken', async () => {
    const port = Number(new URL(board.url).port);
    await expect(startQueueBoard(queue, port)).rejects.toThrow(/^can't show the board on port \d+: [^\n]+$/);
  });
});
