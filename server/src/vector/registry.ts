import { availableParallelism } from 'node:os'
import type { EngineOptions, VectorEngine } from './engine.ts'
import { openTfjsEngine } from './tfjs/engine.ts'
import { makeWasmEngine } from './wasm/engine.ts'
import { openDevice } from './webgpu/device.ts'
import { makeWebGpuEngine } from './webgpu/engine.ts'

/** Starts an engine. @throws VectorError 'no-device' where it cannot run */
export type OpenEngine = (options?: EngineOptions) => Promise<VectorEngine>

/** What K × size numbers can be worked on with. A new engine is one folder and one line here. */
export const vectorEngines = {
  wasm: async (options) => makeWasmEngine({ numThreads: availableParallelism(), ...options }),
  webgpu: async (options) => makeWebGpuEngine(await openDevice(), options),
  tfjs: openTfjsEngine,
} as const satisfies Readonly<Record<string, OpenEngine>>

export type VectorEngineName = keyof typeof vectorEngines
