import { defineConfig } from 'vite';

/** Builds the player of shared files, `web/share` to `web/share/dist`: one classic script and its style. */
export default defineConfig({
  root: 'web/share',
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    lib: { entry: 'main.ts', name: 'ngplusShare', formats: ['iife'], fileName: () => 'share.js', cssFileName: 'share' },
  },
});
