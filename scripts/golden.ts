import { UserError } from '../src/core/errors.ts';
import { replayFolder } from './golden-replay.ts';

/* `npm run golden -- DIR`: replays the recordings under DIR; exit code 1 where an episode differs, 2 for bad use. */

const dir = process.argv[2];
if (dir === undefined) {
  console.error('usage: npm run golden -- DIR (a folder with minatar/*.jsonl.gz and classic/*.jsonl.gz)');
  process.exit(2);
}

try {
  const results = replayFolder(dir);
  for (const { file, passed, failed, skipped, mismatch } of results) {
    console.log(
      skipped === undefined ? `${file}: ${passed} passed, ${failed} failed` : `${file}: skipped (${skipped})`,
    );
    if (mismatch !== undefined) console.log(`  first mismatch: ${mismatch}`);
  }
  const total = (key: 'passed' | 'failed') => results.reduce((sum, result) => sum + result[key], 0);
  console.log(`${total('passed')} passed, ${total('failed')} failed`);
  process.exitCode = total('failed') > 0 ? 1 : 0;
} catch (error) {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  if (!(error instanceof UserError) && !isMissing) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
