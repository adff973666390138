import encodeQr from 'qr';
import * as z from 'zod';
import { EVERY_ADDRESS } from '../live/lan.ts';
import { startViewer, type Viewer, type ViewerOptions } from '../live/server.ts';
import type { CommandIo } from './flags.ts';
import { shellWord } from './output.ts';

export const viewerOptions = z.object({
  port: z.int().min(0).max(65_535).default(4263).describe('port of the viewer; a taken one moves to the next'),
});

/** Options of a viewer that others than this machine may reach. */
export const sharedViewerOptions = viewerOptions.extend({
  lan: z.boolean().default(false).describe('for phones and classes: listen on every address, print a QR code'),
  host: z
    .string()
    .default('')
    .describe('address to listen on (default 127.0.0.1); any that others reach needs the token'),
  origin: z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe('further addresses by which browsers reach the viewer: https://viewer.example, that of a proxy'),
});

export const controlOption = z.object({
  control: z.boolean().default(false).describe('let all who come by the token pause, change the speed and go on, too'),
});

/** Opens a viewer as these options say. */
export const openShared = (
  { port, lan, host, origin }: z.output<typeof sharedViewerOptions>,
  options: ViewerOptions,
): Promise<Viewer> =>
  startViewer({ ...options, port, host: host || (lan ? EVERY_ADDRESS : undefined), origins: origin });

/** Where others may come: the address that they use, as a QR code. Else nothing. */
export function invitation(io: CommandIo, { url, needsToken }: Viewer, [origin]: readonly string[]): string {
  if (!needsToken) return '';
  const theirs = origin === undefined ? url : new URL(new URL(url).search, origin).href;
  return `${origin === undefined ? '' : `for others: ${theirs}\n`}${qrCode(theirs, terminalOf(io).color)}\n`;
}

/** In half blocks. The light parts are drawn: right on a dark terminal; with colours, on any. */
export function qrCode(text: string, color: boolean): string {
  const lines = encodeQr(text, 'ascii').trimEnd().split('\n');
  return lines.map((line) => (color ? `\u001b[97;40m${line}\u001b[0m` : line)).join('\n');
}

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
