import type { RunPhase } from './net.ts';
import { PHASES, type Player, runTask } from './program.ts';

// Threads share out the tasks of a phase. CLAIM counts them down in its low bits; its high bits number the phases, so
// that a thread that comes late cannot claim a task of another phase than it has read. Who runs a task changes nothing.
const CLAIM = 0;
const PHASE = 1;
const DONE = 2;
const WORDS = 3;
const TASK_BITS = 16;
const TASK_MASK = (1 << TASK_BITS) - 1;
const END = PHASES.length;
/** Looks before a thread goes to sleep: some 0.2 ms, longer than the gaps within an update. */
const SPINS = 20_000;

export const syncOf = (memory: WebAssembly.Memory, { program }: Player): Int32Array =>
  new Int32Array(memory.buffer, program.sync, WORDS);

/** Claims and runs tasks until none is left; returns CLAIM as it then was. */
function work(sync: Int32Array, player: Player): number {
  for (;;) {
    const claim = Atomics.load(sync, CLAIM);
    const left = claim & TASK_MASK;
    if (left === 0) return claim;
    const phase = Atomics.load(sync, PHASE);
    if (Atomics.compareExchange(sync, CLAIM, claim, claim - 1) !== claim) continue;
    runTask(player, PHASES[phase], left - 1);
    Atomics.add(sync, DONE, 1);
    Atomics.notify(sync, DONE);
  }
}

/** Waits until `sync[word]` is no longer `value`: awake at first, then asleep. */
function waitWhile(sync: Int32Array, word: number, value: number): void {
  for (let i = 0; i < SPINS; i++) if (Atomics.load(sync, word) !== value) return;
  Atomics.wait(sync, word, value);
}

function begin(sync: Int32Array, phase: number, tasks: number): void {
  Atomics.store(sync, DONE, 0);
  Atomics.store(sync, PHASE, phase);
  Atomics.store(sync, CLAIM, (Atomics.load(sync, CLAIM) & ~TASK_MASK) + (1 << TASK_BITS) + tasks);
  Atomics.notify(sync, CLAIM);
}

/** The thread that owns the net: begins a phase, works on it, and returns when all of it is done. */
export const leadLanes =
  (sync: Int32Array, player: Player): RunPhase =>
  (phase, tasks) => {
    begin(sync, PHASES.indexOf(phase), tasks);
    work(sync, player);
    for (let done = 0; (done = Atomics.load(sync, DONE)) < tasks;) waitWhile(sync, DONE, done);
  };

/** Any other thread: works on every phase until the end. */
export function followLanes(sync: Int32Array, player: Player): void {
  for (;;) {
    const claim = work(sync, player);
    if (Atomics.load(sync, PHASE) === END) return;
    waitWhile(sync, CLAIM, claim);
  }
}

/** Lets the other threads end. */
export const endLanes = (sync: Int32Array): void => begin(sync, END, 0);
