/** The functions of kernels/fused. Addresses, sizes and strides (in bytes) are numbers, flags 0 or 1. */
export interface FusedKernels {
  planesConv(
    rows: number,
    cells: number,
    pixels: number,
    filters: number,
    relu: number,
    obs: number,
    indices: number,
    reach: number,
    reachBytes: number,
    kernel: number,
    bias: number,
    out: number,
    strideOut: number,
    scratch: number,
  ): void;
  planesConvGradient(
    rows: number,
    cells: number,
    pixels: number,
    filters: number,
    kernelRows: number,
    obs: number,
    indices: number,
    reach: number,
    reachBytes: number,
    g: number,
    strideG: number,
    kernelGradient: number,
    biasGradient: number,
    scratch: number,
  ): void;
  planesDense(
    rows: number,
    cells: number,
    cols: number,
    obs: number,
    indices: number,
    weights: number,
    bias: number,
    out: number,
    scratch: number,
  ): void;
  planesDenseGradient(
    batch: number,
    cells: number,
    first: number,
    cols: number,
    obs: number,
    indices: number,
    g: number,
    gradient: number,
    scratch: number,
  ): void;
  multiply(
    rows: number,
    depth: number,
    cols: number,
    x: number,
    strideX: number,
    panels: number,
    panelDepth: number,
    out: number,
    strideOut: number,
    bias: number,
    scratch: number,
  ): void;
  weightGradient(
    batch: number,
    rows: number,
    cols: number,
    x: number,
    strideX: number,
    g: number,
    strideG: number,
    gradient: number,
    strideOut: number,
  ): void;
  sparseMultiply(
    turned: number,
    rows: number,
    depth: number,
    cols: number,
    a: number,
    strideA: number,
    panels: number,
    panelDepth: number,
    out: number,
    strideOut: number,
    bias: number,
    scratch: number,
  ): void;
  relu(count: number, x: number): void;
  tanh(count: number, x: number): void;
  reluBackward(count: number, g: number, y: number): void;
  tanhBackward(count: number, g: number, y: number): void;
  packPanels(
    rows: number,
    cols: number,
    w: number,
    stride: number,
    panels: number,
    panelRows: number,
    first: number,
    column: number,
  ): void;
  packTurned(
    rows: number,
    cols: number,
    w: number,
    stride: number,
    panels: number,
    panelRows: number,
    first: number,
    column: number,
  ): void;
  scaleRows(
    rows: number,
    count: number,
    obs: number,
    indices: number,
    factors: number,
    out: number,
    strideOut: number,
  ): void;
  norm(
    rows: number,
    groups: number,
    size: number,
    x: number,
    strideX: number,
    gain: number,
    bias: number,
    epsilon: number,
    out: number,
    strideOut: number,
  ): void;
  normGradient(
    rows: number,
    groups: number,
    size: number,
    x: number,
    strideX: number,
    gain: number,
    g: number,
    strideG: number,
    epsilon: number,
    dx: number,
    gainGradient: number,
    biasGradient: number,
  ): void;
  sumRows(rows: number, cols: number, x: number, stride: number, out: number): void;
  sumOfSquares(count: number, x: number): number;
  adam(
    count: number,
    param: number,
    gradient: number,
    m: number,
    v: number,
    stepSize: number,
    beta1: number,
    oneMinusBeta1: number,
    beta2: number,
    oneMinusBeta2: number,
    vScale: number,
    epsilon: number,
    gradScale: number,
  ): void;
}

/** The kernels over a memory. */
export const instantiateKernels = (module: WebAssembly.Module, memory: WebAssembly.Memory): FusedKernels =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as FusedKernels;
