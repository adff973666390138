import { parentPort } from 'node:worker_threads';
import type { RunProgress } from '../runs/run.ts';
import { runTask } from './task.ts';
import type { WorkerMessage, WorkerRequest } from './threads.ts';

const port = parentPort;
if (!port) throw new Error('worker.ts runs on a worker thread only');
let stopping = false;
const post = (message: WorkerMessage): void => port.postMessage(message);

port.on('message', (request: WorkerRequest) => {
  if (request.type === 'stop') {
    stopping = true;
    return;
  }
  const progress = (state: RunProgress): void => post({ type: 'progress', progress: state });
  runTask(request.task, { progress, stopRequested: () => stopping }).then(
    (result) => post({ type: 'result', result }),
    (error: Error) => post({ type: 'error', name: error.name, message: error.message, stack: error.stack }),
  );
});
