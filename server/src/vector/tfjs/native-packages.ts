import { createRequire } from 'node:module'

/** Packages with a native backend, the fastest first. They are the operator's to install. */
export const nativePackages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const

/** Those that are there. Whether their libraries load is another matter. */
export function installedNativePackages(): string[] {
  const { resolve } = createRequire(import.meta.url)
  return nativePackages.filter((name) => {
    try {
      return resolve(name) !== ''
    } catch {
      return false
    }
  })
}
