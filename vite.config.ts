import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Where `vite` (development only) finds a running server: `PANAL_SERVER=http://127.0.0.1:8080 npx vite`. */
const server = process.env.PANAL_SERVER ?? 'http://127.0.0.1:8080'

const outDir = join(import.meta.dirname, 'client-web/dist')

/** Each text and WASM file once more as .br and .gz: the server sends those, and never compresses the same file twice. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    async closeBundle() {
      const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } } // 11 takes ten times as long for 3 % less
      for (const entry of await readdir(outDir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|html|svg|wasm)$/.test(entry.name)) continue
        const path = join(entry.parentPath, entry.name)
        const bytes = await readFile(path)
        await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, brotli))
        await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }))
      }
    },
  }
}

/**
 * Builds client-web. The server sends `script-src 'self' 'wasm-unsafe-eval'`: so no inline script (no module-preload
 * polyfill), no data: URL for anything that is fetched, and workers as files of their own.
 */
export default defineConfig({
  root: 'client-web',
  base: '/',
  cacheDir: '../node_modules/.vite',
  plugins: [react(), precompress()],
  worker: { format: 'es' },
  build: {
    outDir,
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
