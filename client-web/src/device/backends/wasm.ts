import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url'
import { env } from '@tensorflow/tfjs-core'

// One thread: a contributor keeps the device's other cores, and models of this size gain little from more.
env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
setWasmPaths({ 'tfjs-backend-wasm.wasm': plain, 'tfjs-backend-wasm-simd.wasm': simd })
