import type { StudyRequest, StudyResult } from '../../src/exec/study.ts';
import { TINY } from '../runs/tiny-run.ts';

/** Two seeds an arm, four updates a run: 6 trainings of a blink, and random play; no controls. */
export const tinyStudy = (request: Partial<StudyRequest> = {}): StudyRequest => ({
  ...TINY,
  sources: ['cartpole'],
  targets: ['acrobot?maxSteps=50'],
  controls: [],
  seeds: 2,
  sourceTimesteps: 256,
  targetTimesteps: 512,
  evaluations: 2,
  randomEpisodes: 20,
  ...request,
});

/** A result without what clocks say. */
export const timeless = ({ seconds: _seconds, ...result }: StudyResult): object => result;
