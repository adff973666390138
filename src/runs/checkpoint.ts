import { UserError } from '../core/errors.ts';
import { type Axis, axisSize, type Params, tensorShape, tensorSize } from '../core/tensors.ts';
import type { PolicyNet, PolicyNetSpec } from '../nets/policy-net.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const FORMAT = 'ngplus-policy/1';

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
}

export function encodeCheckpoint(net: PolicyNet, params: Params, info: PolicyInfo): Uint8Array {
  const tensors = Object.fromEntries(net.tensors.map(({ name, stage, axes }) => [name, { stage, axes }]));
  return encodeSafetensors(
    Object.fromEntries(net.tensors.map((t) => [t.name, { shape: tensorShape(t), data: params[t.name] }])),
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
  const tensors = parseMetadata<PolicyCheckpoint['tensors']>(file.metadata, 'tensors', name);
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
  const info = parseMetadata<PolicyInfo>(file.metadata, 'info', name);
  return { info, spec: parseMetadata<PolicyNetSpec>(file.metadata, 'spec', name), tensors, params };
}

function parseMetadata<T>(metadata: Readonly<Record<string, string>>, key: string, name: string): T {
  try {
    return JSON.parse(metadata[key]) as T;
  } catch {
    throw new UserError(`${name}: its metadata "${key}" is not valid`);
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
