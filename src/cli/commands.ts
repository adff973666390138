import { checkGame } from './check-game.ts';
import { distill } from './distill.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { evaluate } from './evaluate.ts';
import { games } from './games.ts';
import { newGame } from './new-game.ts';
import { play } from './play.ts';
import { predictSource } from './predict-source.ts';
import { runs } from './runs.ts';
import { share } from './share.ts';
import { similarity } from './similarity.ts';
import { study } from './study.ts';
import { studyStatus } from './study-status.ts';
import { train } from './train.ts';
import { transfer } from './transfer.ts';
import { watch } from './watch.ts';
import { worker } from './worker.ts';
import type { Command } from './flags.ts';

/** Every command; a new one is a file and a line here. */
export const commands: readonly Command[] = [
  demo,
  train,
  transfer,
  distill,
  study,
  studyStatus,
  worker,
  evaluate,
  similarity,
  predictSource,
  watch,
  share,
  play,
  games,
  newGame,
  checkGame,
  doctor,
  runs,
];
