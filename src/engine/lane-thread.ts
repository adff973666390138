import { workerData } from 'node:worker_threads';
import { instantiateKernels } from './fused/kernels.ts';
import { followLanes, syncOf } from './fused/lanes.ts';
import { type FusedSize, openProgram, planProgram, type Program } from './fused/program.ts';

/** What a thread is told that helps with a fused net. */
export interface LaneData {
  readonly size: FusedSize;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly lane: number;
}

const { size, module, memory, lane } = workerData as LaneData;
const player = openProgram(planProgram(size) as Program, instantiateKernels(module, memory), memory, lane);
followLanes(syncOf(memory, player), player);
