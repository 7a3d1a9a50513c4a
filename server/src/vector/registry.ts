import { availableParallelism } from 'node:os'
import { type EngineOptions, type VectorEngine, VectorError } from './engine.ts'
import { makeWasmEngine } from './wasm/engine.ts'

/** Starts an engine. @throws VectorError 'no-device' where it cannot run */
export type OpenEngine = (options?: EngineOptions) => Promise<VectorEngine>

/** What K × size numbers can be worked on with, loaded when it is asked for. A new engine is one folder and one line here. */
export const vectorEngines = {
  wasm: (options) => Promise.resolve(makeWasmEngine({ numThreads: availableParallelism(), ...options })),
  webgpu: async (options) => {
    const [{ openDevice }, { makeWebGpuEngine }] = await Promise.all([
      import('./webgpu/device.ts'),
      import('./webgpu/engine.ts'),
    ])
    return makeWebGpuEngine(await openDevice(), options)
  },
  tfjs: async (options) => (await import('./tfjs/engine.ts')).openTfjsEngine(options),
} as const satisfies Readonly<Record<string, OpenEngine>>

export type VectorEngineName = keyof typeof vectorEngines

/**
 * What may be the fastest here: TensorFlow.js only on a native backend, for on any other it was never faster than the WASM
 * engine, and merely to load it costs an idle server more memory than all the rest.
 */
export const worthMeasuring = {
  ...vectorEngines,
  tfjs: async (options) => {
    const { installedNativePackages, nativePackages } = await import('./tfjs/native-packages.ts')
    if (installedNativePackages().length === 0)
      throw new VectorError('no-device', `none of ${nativePackages.join(', ')} is installed`)
    return vectorEngines.tfjs(options)
  },
} as const satisfies Readonly<Record<VectorEngineName, OpenEngine>>
