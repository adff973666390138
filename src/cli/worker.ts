import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { openQueue } from '../exec/queue.ts';
import { startQueueWorker } from '../exec/queue-worker.ts';
import { defineCommand } from './flags.ts';
import { startQueueBoard } from './queue-board.ts';
import { untilStopped } from './viewer.ts';

export const worker = defineCommand({
  name: 'worker',
  summary: "do a study's jobs from a queue, on this machine",
  description:
    'Takes jobs until it is stopped. Ctrl-C saves them and gives them back; of a worker that is killed another one takes ' +
    'them over within seconds, from where they were last saved.',
  options: z.object({
    queue: z.string().describe('URL of the queue: redis://host:6379, rediss://…, postgres://user@host/database'),
    threads: z.int().min(0).max(256).default(0).describe('trainings at a time (default: one for each core)'),
    board: z
      .int()
      .min(0)
      .max(65_535)
      .default(0)
      .describe("port on which this machine's browsers see the queue in bull-board; 0: none"),
  }),
  examples: [['ngplus worker --queue redis://10.0.0.5:6379', 'one training on each core']],
  async run({ options: { queue, threads, board: port }, io }) {
    const log = (line: string): void => void io.stderr.write(`${line}\n`);
    const board = port > 0 ? await startQueueBoard(await openQueue(queue), port) : null;
    if (board) log(`the queue's jobs are at ${board.url}`);
    const running = await startQueueWorker(queue, { threads: threads || availableParallelism(), log });
    log(`worker ${running.name} takes jobs; Ctrl-C saves them and stops`);
    await untilStopped(io, { close: () => Promise.all([running.close(), board?.close()]) });
  },
});
