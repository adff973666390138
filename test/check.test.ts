import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

// Format, lint, types, dead code, import table, built kernels, generated docs: what is stale fails here.
test('npm run check finds nothing', { timeout: 300_000 }, async () => {
  const outcome = await promisify(execFile)('npm', ['run', 'check'], { cwd: root, maxBuffer: 1 << 24 }).then(
    () => ({ code: 0, output: '' }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  );
  expect(outcome).toEqual({ code: 0, output: '' });
});
