import { UserError } from '../../core/errors.ts';
import { denseLayer } from './dense.ts';
import { featuresLayer } from './features.ts';
import type { FusedKernels } from './kernels.ts';
import { normLayer } from './norm.ts';
import {
  CHUNK,
  chunksOf,
  type FusedLayer,
  type FusedTensor,
  type Lane,
  type Plan,
  type Samples,
  type Share,
} from './layer.ts';
import { Layout } from './layout.ts';
import { type FusedObservation, type FusedSpec, type FusedStep, fusedSteps } from './ops.ts';
import { OBS_SLACK, planesConvLayer, planesDenseLayer } from './planes.ts';

/** A net and the most that will be asked of it: all that a thread needs to know to take part. Plain data. */
export interface FusedSize {
  readonly spec: FusedSpec;
  /** Samples of a batch. */
  readonly batch: number;
  /** Observations that are stored for minibatches. */
  readonly store: number;
  /** Threads. */
  readonly lanes: number;
}

/** The phases of an update. Within one, tasks are independent, so that threads share them out in any order. */
export const PHASES = ['forward', 'backward', 'gradients', 'update', 'pack'] as const;
export type Phase = (typeof PHASES)[number];

/** A head's columns in the output of the last layer. */
export interface HeadColumns {
  readonly name: string;
  readonly units: number;
  readonly column: number;
}

/** Where everything lies, and what there is to do. The same in every thread. */
export interface Program {
  readonly pages: number;
  readonly observation: FusedObservation;
  readonly obsSize: number;
  readonly layers: readonly FusedLayer[];
  readonly tensors: readonly FusedTensor[];
  readonly shares: readonly Share[];
  readonly heads: readonly HeadColumns[];
  /** Stored observations, and the rows of them that are the batch. */
  readonly store: number;
  readonly indices: number;
  /** Observations to look at once, and the numbers 0, 1, 2 … */
  readonly staged: number;
  readonly identity: number;
  /** Float64: what a phase is told (see `Control`), and what the shares answer (sums of squares). */
  readonly control: number;
  readonly norms: number;
  /** Int32 that threads meet at. */
  readonly sync: number;
  readonly scratch: readonly number[];
}

/** Float64 places of `control`: these, then for each tensor its step size (0: frozen) and its vScale. */
export const CONTROL = { samples: 0, stored: 1, lowest: 2, gradScale: 3, tensors: 4 } as const;
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-5 } as const;
const SYNC_BYTES = 256;

/** Scratch of a lane: lists and blocks of `sparseMultiply`, and 18 words for each cell or sample that is listed. */
const SCRATCH_BYTES = 128 * 1024;

/** Pages that 32-bit addresses reach: 4 GB. */
const MAX_PAGES = 65_536;

/** Null where the kernels do not cover the net. @throws UserError where it would need more memory than there can be */
export function planProgram({ spec, batch, store, lanes }: FusedSize): Program | null {
  const steps = fusedSteps(spec);
  if (steps === null) return null;
  const { observation } = spec;
  const layout = new Layout();
  const plan: Plan = { layout, batch };
  const layers: FusedLayer[] = [];
  for (const step of steps) layers.push(planLayer(plan, observation, step, layers.at(-1)));
  const features = layers[layers.length - 1].out;
  const outputs = denseLayer(
    plan,
    features,
    spec.heads.map(({ op }) => op),
    'none',
  );
  layers.push(outputs);
  const shares = layers.flatMap((layer) => layer.shares);
  const tensors = [...new Set(shares.map(({ tensor }) => tensor))];
  const obsSize =
    observation.kind === 'planes' ? observation.height * observation.width * observation.channels : observation.count;
  const obsBytes = observation.kind === 'planes' ? 1 : 4;
  const observations = (rows: number) => layout.bytes(rows * obsSize * obsBytes + OBS_SLACK);
  const program: Omit<Program, 'pages'> = {
    observation,
    obsSize,
    layers,
    tensors,
    shares,
    heads: spec.heads.map(({ name, op }, i) => ({ name, units: op.units, column: outputs.columns[i] })),
    store: observations(store),
    indices: layout.floats(batch),
    staged: observations(batch),
    identity: layout.floats(batch),
    control: layout.bytes((CONTROL.tensors + 2 * tensors.length) * 8),
    norms: layout.bytes(shares.length * 8),
    sync: layout.bytes(SYNC_BYTES),
    scratch: Array.from({ length: lanes }, () => layout.bytes(SCRATCH_BYTES + 4 * 18 * (obsSize + batch))),
  };
  const pages = layout.pages();
  if (pages > MAX_PAGES) {
    const gigabytes = (pages / 16_384).toFixed(1);
    throw new UserError(
      `minibatches of ${batch} samples from ${store} stored need ${gigabytes} GB; the fused path has 4: take fewer ` +
        'environments or steps, or more minibatches',
    );
  }
  return { ...program, pages };
}

function planLayer(plan: Plan, planes: FusedObservation, step: FusedStep, before: FusedLayer | undefined): FusedLayer {
  if (step.kind === 'features') return featuresLayer(plan, step.factors);
  if (step.kind === 'norm') return normLayer(plan, (before as FusedLayer).out, step.op, step.activation);
  if (step.kind === 'dense') return denseLayer(plan, (before as FusedLayer).out, [step.op], step.activation);
  if (planes.kind !== 'planes') throw new Error(`${step.kind} reads planes, not features`);
  return step.kind === 'planes-conv'
    ? planesConvLayer(plan, planes, step.op, step.activation)
    : planesDenseLayer(plan, planes, step.op, step.activation);
}

/** A program in one thread. */
export interface Player {
  readonly program: Program;
  readonly lane: Lane;
  readonly control: Float64Array;
  readonly norms: Float64Array;
}

export function openProgram(program: Program, k: FusedKernels, memory: WebAssembly.Memory, laneIndex: number): Player {
  const { control, norms, tensors, shares, scratch } = program;
  return {
    program,
    lane: { k, scratch: scratch[laneIndex] },
    control: new Float64Array(memory.buffer, control, CONTROL.tensors + 2 * tensors.length),
    norms: new Float64Array(memory.buffer, norms, shares.length),
  };
}

/** How many tasks a phase has. */
export const tasksOf = ({ shares }: Program, phase: Phase, samples: number): number =>
  phase === 'forward' || phase === 'backward' ? chunksOf(samples) : shares.length;

/** One task of a phase. Which thread runs it makes no difference to what comes out. */
export function runTask(player: Player, phase: Phase, task: number): void {
  switch (phase) {
    case 'forward':
      return forward(player, task);
    case 'backward':
      return backward(player, task);
    case 'gradients':
      return gradient(player, task);
    case 'update':
      return update(player, task);
    case 'pack':
      return player.program.shares[task].pack?.(player.lane);
  }
}

const samplesOf = ({ program, control }: Player): Samples =>
  control[CONTROL.stored] === 1
    ? { obs: program.store, indices: program.indices }
    : { obs: program.staged, indices: program.identity };

function forward(player: Player, chunk: number): void {
  const { program, lane, control } = player;
  const samples = samplesOf(player);
  const from = chunk * CHUNK;
  const to = Math.min(control[CONTROL.samples], from + CHUNK);
  for (const layer of program.layers) layer.forward(lane, from, to, samples);
}

/** Down to the lowest layer that learns. */
function backward(player: Player, chunk: number): void {
  const { program, lane, control } = player;
  const samples = samplesOf(player);
  const from = chunk * CHUNK;
  const to = Math.min(control[CONTROL.samples], from + CHUNK);
  const lowest = control[CONTROL.lowest];
  for (let i = program.layers.length - 1; i >= lowest; i--) {
    program.layers[i].backward(lane, from, to, samples, i > lowest);
  }
}

const stepSizeAt = ({ program }: Player, { tensor }: Share): number =>
  CONTROL.tensors + 2 * program.tensors.indexOf(tensor);

function gradient(player: Player, task: number): void {
  const { program, lane, control, norms } = player;
  const share = program.shares[task];
  norms[task] = 0;
  if (control[stepSizeAt(player, share)] === 0) return;
  share.gradient(lane, control[CONTROL.samples], samplesOf(player));
  norms[task] = lane.k.sumOfSquares(share.count, share.tensor.grad + share.from * 4);
}

function update(player: Player, task: number): void {
  const { program, lane, control } = player;
  const share = program.shares[task];
  const at = stepSizeAt(player, share);
  if (control[at] === 0) return;
  const { param, grad, m, v } = share.tensor;
  const from = share.from * 4;
  const { beta1, beta2, epsilon } = ADAM;
  lane.k.adam(
    share.count,
    param + from,
    grad + from,
    m + from,
    v + from,
    control[at],
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    control[at + 1],
    epsilon,
    control[CONTROL.gradScale],
  );
  share.pack?.(lane);
}
