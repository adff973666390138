import type { Params } from '../../core/tensors.ts';
import { instantiateKernels } from './kernels.ts';
import type { FusedTensor } from './layer.ts';
import {
  ADAM,
  CONTROL,
  type FusedSize,
  type HeadColumns,
  openProgram,
  type Phase,
  planProgram,
  type Program,
  runTask,
  tasksOf,
} from './program.ts';

/** Values of each head by name, `[rows, units]`. */
export type HeadValues = Record<string, Float32Array>;

/** A net that learns on flat buffers of its own, without tfjs. */
export interface FusedNet {
  /** `[store, obsSize]`: observations that batches are drawn from. */
  readonly store: Uint8Array | Float32Array;
  /** What the heads say of `rows` observations. Overwritten by the next call. */
  outputs(obs: Uint8Array | Float32Array, rows: number): HeadValues;
  /** What the trunk says of stored observations, `[indices, units]`. */
  features(indices: Int32Array): Float32Array;
  /** The same of stored observations, kept for `backward`. */
  forward(indices: Int32Array): HeadValues;
  /**
   * From the gradients of what `forward` gave to those of the tensors for which `learningRate` is positive. Returns
   * their norm.
   */
  backward(gradients: HeadValues, learningRate: (tensor: string) => number): number;
  /** One step of Adam on the tensors of the last `backward`; gradients are multiplied by `gradScale` first. */
  update(gradScale: number): void;
  /** Copies of all tensors, or of their Adam slots or gradients, by name. */
  read(slot: 'param' | 'grad' | 'm' | 'v'): Params;
  write(slot: 'param' | 'm' | 'v', values: Params): void;
  /** Adam steps of each tensor. */
  readonly steps: Record<string, number>;
  /** Ends its threads. */
  dispose(): void;
}

/** Runs the tasks of a phase: in this thread, or with others. */
export type RunPhase = (phase: Phase, tasks: number) => void;

/** A net in this thread alone. Null where the kernels do not cover it. */
export function createFusedNet(module: WebAssembly.Module, size: FusedSize): FusedNet | null {
  const program = planProgram(size);
  if (program === null) return null;
  const memory = new WebAssembly.Memory({ initial: program.pages });
  const player = openProgram(program, instantiateKernels(module, memory), memory, 0);
  return openNet(program, size, memory, (phase, tasks) => {
    for (let task = 0; task < tasks; task++) runTask(player, phase, task);
  });
}

/** The net that a program is, once somebody runs its phases. */
export function openNet(
  program: Program,
  { batch, store: stored }: Pick<FusedSize, 'batch' | 'store'>,
  { buffer }: WebAssembly.Memory,
  run: RunPhase,
  dispose: () => void = () => {},
): FusedNet {
  const { layers, tensors, shares, heads, obsSize } = program;
  const ObsArray = program.observation.kind === 'planes' ? Uint8Array : Float32Array;
  const floats = (address: number, length: number) => new Float32Array(buffer, address, length);
  const store = new ObsArray(buffer, program.store, stored * obsSize);
  const staged = new ObsArray(buffer, program.staged, batch * obsSize);
  const indicesView = new Int32Array(buffer, program.indices, batch);
  const control = new Float64Array(buffer, program.control, CONTROL.tensors + 2 * tensors.length);
  const norms = new Float64Array(buffer, program.norms, shares.length);
  const { address, gradient, stride } = layers[layers.length - 1].out;
  const outputValues = floats(address, batch * stride);
  const outputGradients = floats(gradient, batch * stride);
  const answers = heads.map(({ units }) => new Float32Array(batch * units));
  const steps: Record<string, number> = Object.fromEntries(tensors.map(({ name }) => [name, 0]));
  const layerOf = new Map(layers.flatMap((layer, i) => layer.shares.map(({ tensor }) => [tensor, i] as const)));
  let samples = 0;
  let rates: number[] = [];

  new Int32Array(buffer, program.identity, batch).forEach((_, i, identity) => (identity[i] = i));
  for (const { address: to, values } of layers.flatMap(({ constants = [] }) => constants)) {
    new (values.constructor as Int32ArrayConstructor)(buffer, to, values.length).set(values);
  }

  function runForward(rows: number, isStored: boolean): HeadValues {
    samples = rows;
    control[CONTROL.samples] = rows;
    control[CONTROL.stored] = isStored ? 1 : 0;
    run('forward', tasksOf(program, 'forward', rows));
    return Object.fromEntries(heads.map((head, i) => [head.name, readHead(head, answers[i])]));
  }

  function readHead({ units, column }: HeadColumns, out: Float32Array): Float32Array {
    for (let i = 0, at = 0; i < samples; i++) {
      for (let unit = 0, from = i * stride + column; unit < units; unit++) out[at++] = outputValues[from++];
    }
    return out.subarray(0, samples * units);
  }

  function writeHead({ units, column }: HeadColumns, values: Float32Array): void {
    for (let i = 0, at = 0; i < samples; i++) {
      for (let unit = 0, to = i * stride + column; unit < units; unit++) outputGradients[to++] = values[at++];
    }
  }

  function readTensor({ rows, cols, stride: width, ...slots }: FusedTensor, slot: Slot): Float32Array {
    const out = new Float32Array(rows * cols);
    const from = floats(slots[slot], rows * width);
    for (let row = 0; row < rows; row++) out.set(from.subarray(row * width, row * width + cols), row * cols);
    return out;
  }

  function writeTensor({ rows, cols, stride: width, ...slots }: FusedTensor, slot: Slot, values: Float32Array): void {
    const to = floats(slots[slot], rows * width);
    for (let row = 0; row < rows; row++) to.set(values.subarray(row * cols, (row + 1) * cols), row * width);
  }

  return {
    store,
    steps,
    outputs(obs, rows) {
      if (rows <= batch) {
        staged.set(rows * obsSize === obs.length ? obs : obs.subarray(0, rows * obsSize));
        return runForward(rows, false);
      }
      const whole = heads.map(({ units }) => new Float32Array(rows * units));
      for (let from = 0; from < rows; from += batch) {
        const count = Math.min(batch, rows - from);
        staged.set(obs.subarray(from * obsSize, (from + count) * obsSize));
        const part = runForward(count, false);
        heads.forEach(({ name, units }, i) => whole[i].set(part[name], from * units));
      }
      return Object.fromEntries(heads.map(({ name }, i) => [name, whole[i]]));
    },
    forward(indices) {
      indicesView.set(indices);
      return runForward(indices.length, true);
    },
    features(indices) {
      const { address: from, cols, stride: row } = layers[layers.length - 2].out;
      const out = new Float32Array(indices.length * cols);
      for (let first = 0; first < indices.length; first += batch) {
        const part = indices.subarray(first, first + batch);
        indicesView.set(part);
        runForward(part.length, true);
        const values = floats(from, part.length * row);
        part.forEach((_, i) => out.set(values.subarray(i * row, i * row + cols), (first + i) * cols));
      }
      return out;
    },
    backward(gradients, learningRate) {
      for (const head of heads) writeHead(head, gradients[head.name]);
      rates = tensors.map(({ name }) => learningRate(name));
      const learning = tensors.filter((_, i) => rates[i] > 0);
      if (learning.length === 0) throw new Error('every tensor is frozen: nothing would learn');
      control[CONTROL.lowest] = Math.min(...learning.map((tensor) => layerOf.get(tensor) as number));
      rates.forEach((rate, i) => (control[CONTROL.tensors + 2 * i] = rate));
      run('backward', tasksOf(program, 'backward', samples));
      run('gradients', tasksOf(program, 'gradients', samples));
      return Math.sqrt(norms.reduce((sum, square) => sum + square, 0));
    },
    update(gradScale) {
      tensors.forEach(({ name }, i) => {
        if (rates[i] === 0) return;
        const step = ++steps[name];
        control[CONTROL.tensors + 2 * i] = rates[i] / (1 - ADAM.beta1 ** step);
        control[CONTROL.tensors + 2 * i + 1] = 1 / Math.sqrt(1 - ADAM.beta2 ** step);
      });
      control[CONTROL.gradScale] = gradScale;
      run('update', tasksOf(program, 'update', samples));
    },
    read: (slot) => Object.fromEntries(tensors.map((tensor) => [tensor.name, readTensor(tensor, slot)])),
    write(slot, values) {
      for (const tensor of tensors) writeTensor(tensor, slot, values[tensor.name]);
      if (slot === 'param') run('pack', tasksOf(program, 'pack', 0));
    },
    dispose,
  };
}

type Slot = 'param' | 'grad' | 'm' | 'v';
