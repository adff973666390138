/** Names what the kernels compute: it changes when their results do, to the last bit. Part of a run's identity. */
export type KernelVariant = 'ngplus-relaxed@2' | 'ngplus-simd@2';

export interface Kernels {
  readonly variant: KernelVariant;
  readonly module: WebAssembly.Module;
}

/** Reads a file of kernels/build. */
export type ReadKernels = (file: string) => Promise<BufferSource>;

export interface KernelChoice {
  /** For a memory that threads share. */
  readonly shared?: boolean;
  /** Plain SIMD even where the runtime has more. */
  readonly plain?: boolean;
}

/**
 * Compiles the kernels for this runtime: with fused multiply-add (relaxed SIMD: Node from 22 on, browsers), else with
 * plain SIMD.
 */
export async function compileKernels(read: ReadKernels, { shared, plain }: KernelChoice = {}): Promise<Kernels> {
  const suffix = shared ? '-shared.wasm' : '.wasm';
  if (!plain) {
    const relaxed = await read(`relaxed${suffix}`);
    if (WebAssembly.validate(relaxed))
      return { variant: 'ngplus-relaxed@2', module: await WebAssembly.compile(relaxed) };
  }
  return { variant: 'ngplus-simd@2', module: await WebAssembly.compile(await read(`simd${suffix}`)) };
}
