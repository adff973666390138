import { defineConfig } from 'vite';

/** Builds the viewer's page: `web` to `web/dist`, which the server of `src/live` serves. */
export default defineConfig({
  root: 'web',
  base: './',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Phaser is one big piece whatever is done about it; it is loaded when the first board is shown, where it is needed.
    chunkSizeWarningLimit: 2000,
  },
});
