import { instantiateKernels } from './fused/kernels.ts';
import { endLanes, leadLanes, syncOf } from './fused/lanes.ts';
import { type FusedNet, openNet } from './fused/net.ts';
import { type FusedSize, openProgram, planProgram } from './fused/program.ts';
import type { LaneData } from './lane-thread.ts';
import { startThread } from './thread.ts';

/**
 * A fused net on `size.lanes` threads that share its memory; `module` is a kernel variant for that. Work begins in this
 * thread alone, the others join in as they start. Null where the kernels do not cover the net.
 */
export function createThreadedNet(module: WebAssembly.Module, size: FusedSize): FusedNet | null {
  const program = planProgram(size);
  if (program === null) return null;
  const memory = new WebAssembly.Memory({ initial: program.pages, maximum: program.pages, shared: true });
  const player = openProgram(program, instantiateKernels(module, memory), memory, 0);
  const sync = syncOf(memory, player);
  for (let lane = 1; lane < size.lanes; lane++) {
    const workerData: LaneData = { size, module, memory, lane };
    startThread(new URL('./lane-thread.ts', import.meta.url), { workerData }).unref();
  }
  return openNet(program, size, memory, leadLanes(sync, player), () => endLanes(sync));
}
