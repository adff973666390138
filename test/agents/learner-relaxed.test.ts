import { learnerSuite } from './learner-suite.ts';

learnerSuite('relaxed');
