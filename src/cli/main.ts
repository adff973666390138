#!/usr/bin/env node
import { VERSION } from '../runs/version.ts';
import { checkGame } from './check-game.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { evaluate } from './evaluate.ts';
import { processIo, type Program, runCommand } from './flags.ts';
import { games } from './games.ts';
import { newGame } from './new-game.ts';
import { play } from './play.ts';
import { runs } from './runs.ts';
import { study } from './study.ts';
import { train } from './train.ts';
import { transfer } from './transfer.ts';
import { watch } from './watch.ts';

/** Every command; a new one is a file and a line here. */
const program: Program = {
  name: 'ngplus',
  version: VERSION,
  summary: 'what an agent learned in one game, carried over to the next',
  commands: [demo, train, transfer, study, evaluate, watch, play, games, newGame, checkGame, doctor, runs],
};

process.exitCode = await runCommand(program, process.argv.slice(2), processIo());
