import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const places = createRequire(import.meta.url)('./chromium-places.json')

/**
 * What WebGPU needs in the environment of a process on a machine without a GPU: Chromium brings a software adapter and a
 * Vulkan loader. `folder` is for a link to the loader alone, none of Chromium's other libraries. Nothing where the
 * environment already names a driver, or there is no Chromium.
 */
export function softwareGpu(folder) {
  const { env } = process
  if (env.VK_ICD_FILENAMES !== undefined || env.VK_DRIVER_FILES !== undefined) return {}
  const folders = [env.CHROMIUM_PATH, ...places].filter((path) => path !== undefined).map(dirname)
  const home = ['/usr/lib/chromium', ...folders].find((each) => existsSync(join(each, 'vk_swiftshader_icd.json')))
  if (home === undefined) return {}
  const loader = join(folder, 'vulkan')
  mkdirSync(loader, { recursive: true })
  symlinkSync(join(home, 'libvulkan.so.1'), join(loader, 'libvulkan.so.1'))
  return {
    VK_ICD_FILENAMES: join(home, 'vk_swiftshader_icd.json'),
    LD_LIBRARY_PATH: [env.LD_LIBRARY_PATH, loader].filter(Boolean).join(':'),
  }
}
