/* A web worker: trains what the page asks for on the same engine as `ngplus`, and tells the page of it. */
import { type News, runExperiment, type Settings } from './experiment.ts';

/** What the page says to the worker. */
export type Order = { readonly order: 'start'; readonly settings: Settings } | { readonly order: 'pause' | 'resume' };

const KERNELS = {
  relaxed: new URL('../../kernels/build/relaxed.wasm', import.meta.url),
  simd: new URL('../../kernels/build/simd.wasm', import.meta.url),
};

/** Resolves the wait of a paused experiment. */
let goOn: (() => void) | null = null;
let pause: Promise<void> | null = null;

async function readKernels(name: string): Promise<ArrayBuffer> {
  const answer = await fetch(KERNELS[name as keyof typeof KERNELS]);
  if (!answer.ok) throw new Error(`The training kernels can’t be loaded: ${answer.status} ${answer.statusText}`);
  return answer.arrayBuffer();
}

const tell = (news: News): void => self.postMessage(news);

self.addEventListener('message', ({ data }: MessageEvent<Order>) => {
  if (data.order === 'start') {
    runExperiment(data.settings, readKernels, tell, async () => pause ?? undefined).catch((error: unknown) =>
      tell({ news: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
  } else if (data.order === 'pause') {
    pause ??= new Promise((resolve) => (goOn = resolve));
  } else {
    goOn?.();
    pause = null;
  }
});
