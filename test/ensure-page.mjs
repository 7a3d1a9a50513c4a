/** Whether the built web page is what its sources say, for tests in a browser: a page of yesterday passes or fails for nothing. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isCurrent } from '../server/bin/is-current.js'

const built = 'client-web/dist/index.html'
const sources = [
  'client-web/src/',
  'client-web/public/',
  'client-web/index.html',
  'client-web/package.json',
  'client-core/src/',
  'client-core/package.json',
  'vite.config.ts',
  'node_modules/.package-lock.json',
]

/** @param {URL} root */
function buildPage(root) {
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')
  execFileSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: fileURLToPath(root),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

/**
 * Builds the page where a source is newer, or there is none.
 * @param {URL} root of the repository
 * @param {(root: URL) => void} build
 */
export function ensurePage(root = new URL('../', import.meta.url), build = buildPage) {
  const within = (path) => new URL(path, root)
  if (!isCurrent(within(built), sources.map(within))) build(root)
}
