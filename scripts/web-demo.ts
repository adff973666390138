// Builds the demo that trains in the browser: `npm run web:demo`. In a terminal it then serves it until Ctrl-C.
import { build, preview } from 'vite';

const configFile = 'web/demo/vite.config.ts';
await build({ configFile });
if (process.stdout.isTTY) {
  const { resolvedUrls } = await preview({ configFile, preview: { host: '127.0.0.1' } });
  console.log(
    `\nthe demo is at ${resolvedUrls!.local[0]} (Ctrl-C ends), its files are in web/demo/dist for any static server`,
  );
} else {
  console.log(
    '\nthe demo is in web/demo/dist, for any static server: npx vite preview --config web/demo/vite.config.ts',
  );
}
