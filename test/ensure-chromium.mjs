/** Global setup of the e2e tests: a browser must be there. As root on Debian it installs one, else it says what to do. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const places = JSON.parse(readFileSync(new URL('./chromium-places.json', import.meta.url), 'utf8'))
const present = () => [process.env.CHROMIUM_PATH, ...places].some((path) => path !== undefined && existsSync(path))
const apt = (...args) =>
  spawnSync('apt-get', ['-qq', '--no-install-recommends', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0

export default function ensureChromium() {
  if (present()) return
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.error('No Chromium found: installing the package chromium …')
    if (apt('update') && apt('install', '-y', 'chromium') && present()) return
  }
  throw new Error(
    'The e2e tests need a Chromium, and none was found. Install one (Debian, Ubuntu: sudo apt-get install chromium), ' +
      'or set CHROMIUM_PATH to the program of one. Without a browser: npm test -- --selectProjects unit',
  )
}
