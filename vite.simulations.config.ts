import { defineConfig } from 'vite'

/**
 * Compiles the thread that trains simulated devices: an experiment starts one for each core, and each would read the
 * sources by itself, in a second or two and a hundred megabytes. The rest of panal-sim runs from source.
 */
export default defineConfig({
  root: 'simulations',
  ssr: { noExternal: [/^@panal\//, /^typebox/, /^@noble\//, 'pbf'] },
  build: {
    ssr: true,
    outDir: 'dist',
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: { 'train-worker': 'src/executor/train-worker.ts' },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
})
