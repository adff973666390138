import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Who made a lock or a temporary file, as part of its name: host, process id and the start of that process. A process
 * id alone is not enough: it is given to another process later, and is the same in another container.
 */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Clock ticks from the machine's start to the process's, 0 where the system does not tell. */
  readonly started: number;
}

export function thisProcess(): Owner {
  return { host: hostname().replace(/[^A-Za-z0-9.]/g, '_'), pid: process.pid, started: startOf(process.pid) ?? 0 };
}

/** `host-pid-started`, free of characters that a file name can't have. */
export const ownerName = ({ host, pid, started }: Owner): string => `${host}-${pid}-${started}`;

/** The owner that `name` starts with, or undefined; `rest` is what follows it. */
export function parseOwner(name: string): (Owner & { rest: string }) | undefined {
  const match = /^([A-Za-z0-9._]+)-(\d+)-(\d+)(.*)$/.exec(name);
  return match === null
    ? undefined
    : { host: match[1], pid: Number(match[2]), started: Number(match[3]), rest: match[4] };
}

/** Does the owner surely not run any more? False for other hosts, which can't be asked. */
export function isGone({ host, pid, started }: Owner): boolean {
  if (host !== thisProcess().host) return false;
  if (started === 0) return !isRunning(pid);
  return startOf(pid) !== started;
}

/** Field 22 of /proc/PID/stat (proc(5)); undefined where no such process runs, or there is no /proc. */
function startOf(pid: number): number | undefined {
  try {
    // The second field, the name in parentheses, may hold spaces and parentheses itself.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended, only its parent has not asked yet.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
