import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `vite` (development only) finds a running server: `PANAL_SERVER=http://127.0.0.1:8080 npx vite`. */
const server = process.env.PANAL_SERVER ?? 'http://127.0.0.1:8080'

/**
 * Builds client-web. The server sends `script-src 'self' 'wasm-unsafe-eval'`: so no inline script (no module-preload
 * polyfill), no data: URL for anything that is fetched, and workers as files of their own.
 */
export default defineConfig({
  root: 'client-web',
  base: '/',
  cacheDir: '../node_modules/.vite',
  plugins: [react()],
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // tfjs-core alone is over Vite's default of 500 KB; it is fetched by the worker, never by the first page
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: {
      '/v1': server,
      '/docs': server,
      '/socket.io': { target: server, ws: true },
    },
  },
})
