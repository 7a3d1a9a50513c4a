import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { ready, setBackend } from '@tensorflow/tfjs-core'

/**
 * WASM SIMD where it starts, else plain JavaScript: the same answers to float32 rounding, many times slower. Loaded only
 * when it is asked for: a backend that is there is the one that tfjs takes, and this one is not ready at once.
 */
export async function chooseBackend(): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
  const wasmFiles = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
  setWasmPaths(`${wasmFiles}${sep}`)
  const started = await setBackend('wasm').catch(() => false)
  if (!started) {
    await import('@tensorflow/tfjs-backend-cpu')
    await setBackend('cpu')
  }
  await ready()
}
