import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { env, getBackend, ready, setBackend, version_core } from '@tensorflow/tfjs-core'

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

/**
 * The backend that was chosen, by what the rounding of its kernels depends on: WebAssembly rounds alike on every processor,
 * with SIMD otherwise than without, and plain JavaScript as its engine's own exp and log do. What calls the kernels is
 * Panal's own code, which this does not name: another release may train otherwise on a backend of the same name.
 */
export async function describeBackend(): Promise<string> {
  const name = getBackend()
  const kind =
    name === 'cpu' ? `V8 ${process.versions.v8}` : (await env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'SIMD' : 'no SIMD'
  return `TensorFlow.js ${version_core} on ${name}, ${kind}`
}
