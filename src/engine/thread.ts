import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * A thread that runs the module at `url`, given as it lies in the sources. From TypeScript sources (development, tests)
 * it needs tsx; from the built package it does not.
 */
export function startThread(url: URL, options: WorkerOptions = {}): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(url.href.replace(/\.ts$/, '.js')), options);
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const file = JSON.stringify(url.href);
  const start = `import(${tsx}).then(({ register }) => { register(); return import(${file}); });`;
  return new Worker(start, { ...options, eval: true });
}
