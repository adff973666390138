#!/usr/bin/env node
import { VERSION } from '../runs/version.ts';
import { commands } from './commands.ts';
import { processIo, runCommand } from './flags.ts';

const summary = 'what an agent learned in one game, carried over to the next';
const program = { name: 'ngplus', version: VERSION, summary, commands };

process.exitCode = await runCommand(program, process.argv.slice(2), processIo());
