import { defineConfig } from 'vite';

/** `npm run web:demo`: the demo as static files in `web/demo/dist`, for any server and any path on it. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: '../public',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Phaser, as in the viewer.
    chunkSizeWarningLimit: 2000,
  },
  worker: { format: 'es' },
});
