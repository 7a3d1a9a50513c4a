import { existsSync } from 'node:fs'
import places from './chromium-places.json' with { type: 'json' }

/** A Chromium on this machine: `CHROMIUM_PATH` if it is set, else the usual places. @throws Error that says what to do */
export function chromiumPath(): string {
  const found = [process.env['CHROMIUM_PATH'], ...places].find((path) => path !== undefined && existsSync(path))
  if (found === undefined)
    throw new Error('no Chromium: install one (Debian: apt-get install chromium) or set CHROMIUM_PATH to its program')
  return found
}

/** Flags under which headless Chromium also trains with webgl and webgpu on a machine without a GPU. */
export const chromiumFlags: readonly string[] = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
]
