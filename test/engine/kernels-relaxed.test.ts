import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { kernelSuite } from './kernel-suite.ts';

// Node has relaxed SIMD from 22 on, and before that behind a flag.
const relaxed = readFileSync(new URL('../../kernels/build/relaxed.wasm', import.meta.url));
if (!WebAssembly.validate(relaxed)) setFlagsFromString('--experimental-wasm-relaxed-simd');
kernelSuite('ngplus-relaxed@2');
