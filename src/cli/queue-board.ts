import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../core/errors.ts';
import type { QueueServer } from '../exec/queue.ts';
import { isOwnHost } from '../live/access.ts';
import { ownNames } from '../live/lan.ts';

const HOST = '127.0.0.1';

export interface QueueBoard {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Shows a queue's jobs by bull-board to browsers of this machine. It only looks: a job removed or tried again by hand
 * would be missed by its study. @throws UserError where bull-board is not installed, or the port is taken
 */
export async function startQueueBoard(server: QueueServer, port: number): Promise<QueueBoard> {
  const { createBullBoard, BullMQAdapter, ExpressAdapter } = await loadBullBoard();
  const queue = server.tasks();
  const serverAdapter = new ExpressAdapter();
  createBullBoard({ queues: [new BullMQAdapter(queue, { readOnlyMode: true })], serverAdapter });
  const show = serverAdapter.getRouter() as (request: IncomingMessage, response: ServerResponse) => void;
  const http = createServer((request, response) => {
    if (isOwnHost(request, ownNames(HOST))) show(request, response);
    else response.writeHead(403).end('unknown host');
  });
  try {
    await once(http.listen(port, HOST), 'listening');
  } catch (error) {
    await queue.close();
    throw new UserError(`can't show the board on port ${port}: ${(error as Error).message}`);
  }
  return {
    url: `http://${HOST}:${(http.address() as AddressInfo).port}/`,
    async close() {
      http.close();
      http.closeAllConnections();
      await queue.close();
    },
  };
}

async function loadBullBoard() {
  try {
    const { createBullBoard } = await import('@bull-board/api');
    const { BullMQAdapter } = await import('@bull-board/api/bullMQAdapter');
    const { ExpressAdapter } = await import('@bull-board/express');
    return { createBullBoard, BullMQAdapter, ExpressAdapter };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserError('the board needs bull-board: npm install @bull-board/api @bull-board/express');
  }
}
