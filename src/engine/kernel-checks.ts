import type { KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs';
import { UserError } from '../core/errors.ts';
import type { Tf } from './types.ts';

/** A tfjs kernel; the casts to the attributes it knows stay with it. */
export type Kernel<Output extends TensorInfo | TensorInfo[] = TensorInfo> = (
  inputs: Record<string, TensorInfo>,
  attrs: NamedAttrMap,
  call: Parameters<KernelFunc>[0],
) => Output;

export const areFloats = (...tensors: TensorInfo[]): boolean => tensors.every(({ dtype }) => dtype === 'float32');

export function requireFloats(kernel: string, ...tensors: TensorInfo[]): void {
  const other = tensors.find(({ dtype }) => dtype !== 'float32');
  if (other !== undefined) throw new Error(`${kernel} on the wasm backend takes float32, got ${other.dtype}`);
}

export const hasValues = (tf: Tf, ...tensors: TensorInfo[]): boolean =>
  tensors.every(({ shape }) => tf.util.sizeFromShape(shape) > 0);

export function refuse(what: string, why: string): never {
  throw new UserError(`${what} is ${why} tfjs' wasm backend; use the backend tensorflow or cpu`);
}

export const isBias = (tf: Tf, bias: TensorInfo | undefined | null, size: number | undefined): boolean =>
  bias === undefined || bias === null || (tf.util.sizeFromShape(bias.shape) === size && bias.shape.at(-1) === size);
