import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { Screen } from '../cli/screen.ts';
import { buildOnce, ROOT } from './build-once.ts';
import { CLI, emptyFolder } from './processes.ts';

const COLUMNS = 60;

/** Runs a command on a terminal of its own; `see` is handed what has been written so far, and may type something. */
async function onTerminal(
  words: string,
  see: (written: string, type: (keys: string) => void) => void = () => {},
  program = `${process.execPath} ${CLI}`,
) {
  const command = `stty cols ${COLUMNS} rows 20; exec ${program} ${words}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: emptyFolder(), stdio: 'pipe' });
  const screen = new Screen(COLUMNS);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen.write(text);
    see(screen.written, (keys) => child.stdin.write(keys));
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, screen };
}

// `script`, of every Linux, gives a command a terminal.
describe.skipIf(process.platform !== 'linux')('on a terminal', () => {
  beforeAll(buildOnce, 180_000);

  it('a training shows a line that moves, and clears it away', async () => {
    const { code, screen } = await onTerminal('train cartpole --total-timesteps 100000 --evaluations 2 --folder run');
    expect(code).toBe(0);
    expect(screen.written).toMatch(/cartpole [━╌].+ 0%/);
    expect(screen.written.match(/\r\x1b\[1A\x1b\[J/g)!.length).toBeGreaterThan(3);
    expect(screen.text[0]).toMatch(/^cartpole: ppo on \w+ /);
    expect(screen.text.find((line) => /[━╌]|\d%/.test(line))).toBeUndefined();
    expect(screen.text.join('')).toContain('watch it with: ngplus watch run');
  });

  it('Ctrl-C leaves a clean screen and exit code 130', async () => {
    let typed = false;
    const { code, screen } = await onTerminal(
      'train cartpole --total-timesteps 200000 --folder run',
      (written, type) => {
        if (!typed && written.includes('return')) type('\x03');
        typed ||= written.includes('return');
      },
    );
    expect(code).toBe(130);
    expect(screen.text.find((line) => /[━╌]|\d%/.test(line))).toBeUndefined();
    expect(screen.text.join('')).toContain('ngplus train: stopped');
  });

  it('the demo for browsers is built and served at the address that it says, until Ctrl-C', async () => {
    let page = '';
    const { screen } = await onTerminal(
      'run web:demo',
      (written, type) => {
        const [, url] = /the demo is at (http:\S+)/.exec(written) ?? [];
        if (url === undefined || page !== '') return;
        page = 'asked for';
        void fetch(url)
          .then((answer) => answer.text())
          .then((text) => (page = text))
          .finally(() => type('\x03'));
      },
      `npm --prefix ${ROOT}`,
    );
    expect(page).toContain('<title>New Game+ in the browser</title>');
    expect(screen.written).toContain('web/demo/dist');
  }, 60_000);
});
