import { gradientSuite } from './gradient-suite.ts';

gradientSuite('relaxed');
