import { kernelSuite } from './kernel-suite.ts';

kernelSuite('ngplus-simd@2');
