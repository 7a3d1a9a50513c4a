import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { ready, setBackend } from '@tensorflow/tfjs-core'

/** WASM SIMD where it starts, else plain JavaScript: the same answers to float32 rounding, many times slower. */
export async function chooseBackend(): Promise<void> {
  const wasmFiles = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
  setWasmPaths(`${wasmFiles}${sep}`)
  const started = await setBackend('wasm').catch(() => false)
  if (!started) {
    await import('@tensorflow/tfjs-backend-cpu')
    await setBackend('cpu')
  }
  await ready()
}
