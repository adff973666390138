import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { UserError } from '../core/errors.ts';
import type { Recording } from './recording.ts';

/** An agent's episode in a shared file. */
export interface SharedLane {
  readonly label: string;
  readonly arm?: string;
  readonly recording: Recording;
}

/** What a shared file shows: one episode, or several side by side on one clock. Plain data. */
export interface SharedMatch {
  readonly title: string;
  readonly lanes: readonly SharedLane[];
}

/** The built player, from `src/live` and from `dist/live` alike. */
const PLAYER_FOLDER = new URL('../../web/share/dist/', import.meta.url);

/**
 * A match as one HTML file that needs nothing else: stored frames and one classic script, which a content security policy
 * names by its hash and which may ask nobody for anything.
 * @throws UserError where the player is not built
 */
export async function sharedFile(match: SharedMatch): Promise<string> {
  const [script, style] = await Promise.all([playerFile('share.js'), playerFile('share.css')]);
  const code = script.replaceAll('</script', '<\\/script');
  const hash = createHash('sha256').update(code).digest('base64');
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark">
<title>${escaped(match.title)} · New Game+</title>
<style>${style.replaceAll('</style', '<\\/style')}</style>
</head>
<body>
<noscript>This file plays a stored match by a script of its own: allow scripts to see it.</noscript>
<main id="match"></main>
<script type="application/json" id="recordings">${JSON.stringify(match).replaceAll('<', '\\u003c')}</script>
<script>${code}</script>
</body>
</html>
`;
}

async function playerFile(name: string): Promise<string> {
  try {
    return await readFile(fileURLToPath(new URL(name, PLAYER_FOLDER)), 'utf8');
  } catch {
    throw new UserError('the player of shared files is not built: run npm run build');
  }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A match of these lanes, named after them: `scratch and transferred: breakout, seed 3`. */
export function sharedMatch(lanes: readonly SharedLane[]): SharedMatch {
  const labels = new Intl.ListFormat('en-GB').format(new Set(lanes.map(({ label }) => label)));
  const envs = new Set(lanes.map(({ recording }) => recording.stage.env));
  const where = envs.size === 1 ? `: ${[...envs][0]}` : '';
  return { title: `${labels}${where}, seed ${lanes[0].recording.seed}`, lanes };
}
