import * as z from 'zod';
import type { Algorithm } from '../agents/algorithm.ts';
import { UserError } from '../core/errors.ts';
import { type Axis, axisSize, type Params, tensorShape, tensorSize } from '../core/tensors.ts';
import type { PolicyNet, PolicyNetSpec } from '../nets/policy-net.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const FORMAT = 'ngplus-policy/1';
const NORMALIZERS = 'normalizers/';

/** Where a policy comes from. */
export interface PolicyInfo {
  /** Full env id, options included. */
  readonly env: string;
  readonly gameRevision: number;
  readonly algorithm: string;
  /** Training steps (env frames) behind these weights, those of a source not counted. */
  readonly step: number;
  readonly seed: number;
  readonly label?: string;
}

/** A trained policy as plain data: what a `.safetensors` checkpoint holds. */
export interface PolicyCheckpoint {
  readonly info: PolicyInfo;
  readonly spec: PolicyNetSpec;
  /** Stage and axes of every tensor, so that transfer can align it without knowing the net. */
  readonly tensors: Record<string, { stage: string; axes: readonly Axis[] }>;
  readonly params: Params;
  /** What scales inputs and outputs: `normalizers/value` multiplies the value head. */
  readonly normalizers: Params;
}

/**
 * The net's options that a run by `algorithm` takes over from a policy: all but those that it has defaults of its own for,
 * where another algorithm trained the policy.
 */
export function inheritedOptions(
  { spec, info }: Pick<PolicyCheckpoint, 'spec' | 'info'>,
  { id, netDefaults = {} }: Algorithm,
): Record<string, unknown> {
  const isTaken = ([name]: [string, unknown]): boolean => info.algorithm === id || !(name in netDefaults);
  return Object.fromEntries(Object.entries(spec.netConfig).filter(isTaken));
}

/** Where a run keeps its checkpoint of this step. Keys sort by steps. */
export const checkpointKey = (step: number): string => `checkpoints/${String(step).padStart(12, '0')}.safetensors`;

/** The step in a checkpoint's key; undefined where it is none. */
export function stepOfCheckpoint(key: string): number | undefined {
  const digits = /^checkpoints\/(\d+)\.safetensors$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function encodeCheckpoint(
  net: PolicyNet,
  params: Params,
  info: PolicyInfo,
  normalizers: Params = {},
): Uint8Array {
  const tensors = Object.fromEntries(net.tensors.map(({ name, stage, axes }) => [name, { stage, axes }]));
  return encodeSafetensors(
    {
      ...Object.fromEntries(net.tensors.map((t) => [t.name, { shape: tensorShape(t), data: params[t.name] }])),
      ...Object.fromEntries(Object.entries(normalizers).map(([key, data]) => [key, { shape: [data.length], data }])),
    },
    { format: FORMAT, info: JSON.stringify(info), spec: JSON.stringify(net.spec), tensors: JSON.stringify(tensors) },
  );
}

/** @throws UserError naming the file where it is not a whole policy checkpoint */
export function decodeCheckpoint(bytes: Uint8Array, name = 'checkpoint'): PolicyCheckpoint {
  const file = decodeSafetensors(bytes, name);
  const { format } = file.metadata;
  if (format !== FORMAT) {
    throw new UserError(`${name} is not a policy checkpoint (format "${format}"; valid: ${FORMAT})`);
  }
  const tensors = readMetadata(file.metadata, 'tensors', tensorsSchema, name);
  const params: Params = {};
  for (const [key, { axes }] of Object.entries(tensors)) {
    const data = file.tensors[key]?.data;
    if (!data) throw new UserError(`${name}: tensor "${key}" is missing`);
    if (!(data instanceof Float32Array)) throw new UserError(`${name}: tensor "${key}" is not float32`);
    const size = axes.map(axisSize).reduce((a, b) => a * b, 1);
    if (data.length !== size) {
      throw new UserError(`${name}: tensor "${key}" has ${data.length} values, its axes say ${size}`);
    }
    params[key] = data;
  }
  const normalizers: Params = {};
  for (const [key, { data }] of Object.entries(file.tensors)) {
    if (key.startsWith(NORMALIZERS) && data instanceof Float32Array) normalizers[key] = data;
  }
  const info = readMetadata(file.metadata, 'info', infoSchema, name);
  return { info, spec: readMetadata(file.metadata, 'spec', specSchema, name), tensors, params, normalizers };
}

const named = z.object({ name: z.string(), roles: z.array(z.string()).readonly() });
const axis: z.ZodType<Axis> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['channel', 'action']), labels: z.array(named) }),
    z.object({ kind: z.literal('feature'), labels: z.array(named.extend({ scale: z.number() })) }),
    z.object({
      kind: z.enum(['board-y', 'board-x', 'kernel-y', 'kernel-x', 'unit', 'value']),
      size: z.int().nonnegative(),
    }),
    z.object({ kind: z.literal('flat'), factors: z.array(axis) }),
  ]),
);
const tensorsSchema = z.record(z.string(), z.object({ stage: z.string(), axes: z.array(axis) }));
const infoSchema = z.object({
  env: z.string(),
  gameRevision: z.number(),
  algorithm: z.string(),
  step: z.number(),
  seed: z.number(),
  label: z.string().optional(),
});
const specSchema = z.object({
  net: z.string(),
  netConfig: z.record(z.string(), z.unknown()),
  observation: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('planes'), height: z.int(), width: z.int(), channels: z.array(named) }),
    z.object({ kind: z.literal('features'), features: z.array(named.extend({ scale: z.number() })) }),
  ]),
  heads: z.array(z.object({ name: z.string(), axis, gain: z.number() })),
  acting: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('softmax'), head: z.string() }),
      z.object({
        kind: z.literal('epsilon-greedy'),
        head: z.string(),
        baseline: z.string().optional(),
        epsilon: z.number(),
      }),
    ])
    .optional(),
});

function readMetadata<T>(
  metadata: Readonly<Record<string, string>>,
  key: string,
  schema: z.ZodType<T>,
  name: string,
): T {
  const fail = (): never => {
    throw new UserError(`${name}: its metadata "${key}" is not valid`);
  };
  try {
    const read = schema.safeParse(JSON.parse(metadata[key]));
    return read.success ? read.data : fail();
  } catch {
    return fail();
  }
}

/** Checks that a checkpoint's tensors are those of the net built from its spec. @throws UserError naming the tensor */
export function checkParams(net: PolicyNet, params: Params, name: string): void {
  for (const spec of net.tensors) {
    const values = params[spec.name];
    if (!values) throw new UserError(`${name}: tensor "${spec.name}" is missing`);
    const size = tensorSize(spec);
    if (values.length !== size) {
      throw new UserError(`${name}: tensor "${spec.name}" has ${values.length} values, the net needs ${size}`);
    }
  }
}
