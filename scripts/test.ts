/**
 * What `npm test` runs: sees to a browser and to the servers of queues and stores, runs all tests (further arguments go
 * to vitest), and ends with a plain line `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureChromium } from './chromium.ts';
import { installDebian, isCi, runs } from './debian.ts';
import { ensureMoto } from './moto.ts';
import { ensureServers, findPostgres, findRedis } from './servers.ts';

/** The part of vitest's JSON report that is counted here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const root = fileURLToPath(new URL('..', import.meta.url));

const browser = ensureChromium();
if (browser !== undefined) console.log(`browser for the end-to-end tests: ${browser}`);
else if (isCi()) console.log('no Chromium, and CI is set: the browser tests fail');
else console.log('no Chromium: the browser tests are skipped (install one, or set CHROMIUM_PATH, to run them)');

if (isCi()) {
  // The native backend is built in a test.
  const missing = [
    ...(runs('python3', '-m', 'pip') ? [] : ['python3-pip']),
    ...(runs('g++') ? [] : ['g++']),
    ...(runs('make') ? [] : ['make']),
  ];
  if (missing.length > 0) installDebian(...missing);
}

ensureServers();
const lacking = [
  ...(findRedis() ? [] : ['Redis']),
  ...(findPostgres() ? [] : ['PostgreSQL']),
  ...(ensureMoto() ? [] : ['an S3 server']),
];
if (lacking.length > 0) console.log(`no ${lacking.join(', ')}: tests with it ${isCi() ? 'fail' : 'are skipped'}`);

const folder = mkdtempSync(join(tmpdir(), 'ngplus-test-'));
const file = join(folder, 'report.json');
const code = await runVitest(file, browser);
const { passed, failed, skipped } = countTests(file, code);
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : code;

/** Exit code of a run of all tests whose output streams through and whose JSON report goes to `file`. */
async function runVitest(file: string, browser: string | undefined): Promise<number> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...(browser !== undefined && { CHROMIUM_PATH: browser }) },
  });
  // Ctrl-C reaches vitest too: it stops by itself, and then there is still something to count.
  process.on('SIGINT', () => undefined);
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return exitCode ?? 1;
}

/** A file that could not be loaded, and a failure outside of every test, count as one failed test each. */
function countTests(file: string, code: number): { passed: number; failed: number; skipped: number } {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
