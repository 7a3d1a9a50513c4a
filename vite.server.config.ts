import { defineConfig } from 'vite'

/**
 * Compiles the server: its sources and those of client-core, and the libraries that come as hundreds of ES modules, in a
 * few files of JavaScript. All other libraries stay where they are. Flat, so that what a source names relative to its
 * folder's parent is there for the compiled file, too, and a worker lies beside whatever starts it.
 */
export default defineConfig({
  root: 'server',
  ssr: { noExternal: [/^@panal\//, /^typebox/, /^kysely/, /^jose/] },
  build: {
    ssr: true,
    outDir: 'dist',
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: {
        main: 'src/main.ts',
        'evaluator-worker': 'src/gate/evaluator-worker.ts',
        'second-worker': 'src/gate/second-worker.ts',
        'judge-worker': 'src/gate/judge-worker.ts',
        'vector-worker': 'src/vector/wasm/vector-worker.ts',
        'update-worker': 'src/round/update-worker.ts',
        'run-worker': 'src/gate/calibrate/run-worker.ts',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
})
