/** Names what the kernels compute, part of a run's identity: it changes when their results do, to the last bit. */
export type KernelVariant = 'ngplus-relaxed@2' | 'ngplus-simd@2';

/** Reads a file of kernels/build: `simd`, `relaxed`, `simd-shared` or `relaxed-shared`. */
export type ReadKernels = (name: string) => Promise<BufferSource>;

export interface KernelOptions {
  /** Plain SIMD also where the runtime has relaxed SIMD: the same results everywhere, to the last bit. */
  readonly plain?: boolean;
}

/** Kernels ready to be instantiated over a memory. */
export interface CompiledKernels {
  readonly variant: KernelVariant;
  readonly module: WebAssembly.Module;
}

/**
 * Compiles the kernels with fused multiply-add (relaxed SIMD: Node ≥ 22, most browsers) where this runtime accepts
 * them, else those without. `shared`: for a memory that several threads share.
 */
export async function compileKernels(
  read: ReadKernels,
  { plain = false, shared = false }: KernelOptions & { readonly shared?: boolean } = {},
): Promise<CompiledKernels> {
  const suffix = shared ? '-shared' : '';
  const relaxed = plain ? undefined : await read(`relaxed${suffix}`);
  if (relaxed !== undefined && WebAssembly.validate(relaxed))
    return { variant: 'ngplus-relaxed@2', module: await WebAssembly.compile(relaxed) };
  return { variant: 'ngplus-simd@2', module: await WebAssembly.compile(await read(`simd${suffix}`)) };
}
