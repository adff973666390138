// The training kernels that the tfjs wasm backend lacks or does slowly, in AssemblyScript with 128-bit SIMD.
//
// The module works on the backend's own memory, so every pointer is a byte address in it, of float32 values unless
// said otherwise, and every matrix is dense and row-major. It must own no memory itself: no data segment, no static
// array, no allocation. Kernels that need room are handed scratch; `…ScratchBytes` says how much.
// Built by scripts/build-kernels.ts into build/, a file for each variant; registered by src/engine/wasm-kernels.ts.

export { gemm, gemmScratchBytes } from './gemm';
export { conv2d, conv2dInputGradient, conv2dScratchBytes } from './conv2d';
export { conv2dFilterGradient, filterGradientScratchBytes } from './conv2d-filter-gradient';
export { depthwiseConv2d, depthwiseFilterGradient, depthwiseInputGradient, depthwiseScratchBytes } from './depthwise';
export { maxPoolGradient } from './max-pool-gradient';
export { avgPoolGradient } from './avg-pool-gradient';
export { columnSum, sumOfSquares } from './reduce';
export { gather } from './gather';
export { segmentSum } from './segment-sum';
export { reluGradient } from './relu-gradient';
export { layerNorm, layerNormGradient } from './layer-norm';
export { logSoftmax, logSoftmaxGradient, softmaxGradient } from './softmax';
export { tile } from './tile';
export { addRow } from './add-row';
export { adam } from './adam';

// What trains a standard net without tfjs, on memory of its own: src/engine/fused.
export { multiply, weightGradient } from './fused/dense';
export { sparseMultiply } from './fused/sparse';
export { planesConv, planesConvGradient, planesDense, planesDenseGradient } from './fused/planes';
export { relu, reluBackward, tanh, tanhBackward } from './fused/activation';
export { norm, normGradient } from './fused/norm';
export { packPanels, packTurned, scaleRows, sumRows } from './fused/rows';
