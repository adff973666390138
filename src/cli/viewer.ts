import * as z from 'zod';
import type { CommandIo } from './flags.ts';
import { shellWord } from './output.ts';

export const viewerOptions = z.object({
  port: z.int().min(0).max(65_535).default(4263).describe('port of the viewer; a taken one moves to the next'),
});

/** Keeps a viewer open until the user stops the command. */
export async function untilStopped(io: CommandIo, running: { close(): Promise<unknown> }): Promise<void> {
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    else io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await running.close();
}

/** What the terminal can show: its width, at most 100 columns, and whether it has colours. */
export function terminalOf({ stdout, env }: CommandIo): { width: number; color: boolean } {
  const { isTTY = false, columns = 80 } = stdout as Partial<NodeJS.WriteStream>;
  return { width: Math.min(100, columns), color: isTTY && !env.NO_COLOR };
}

/** The command line as one would type it again. */
export const commandLine = (): string => ['ngplus', ...process.argv.slice(2)].map(shellWord).join(' ');
