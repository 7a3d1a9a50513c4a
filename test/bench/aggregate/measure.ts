import type { Rows, VectorEngine } from '../../../server/src/vector/engine.ts'
import { loadKernels } from '../../../server/src/vector/wasm/memory.ts'
import { mapMode, type OpenDevice, usage } from '../../../server/src/vector/webgpu/device.ts'
import type { StreamTimes } from '../../../server/src/vector/webgpu/timer.ts'
import { rules, type Source } from './workload.ts'

/** One rule on one engine. Bytes are those of the updates, read once, however often a rule passes over them. */
export interface Measured {
  readonly engine: string
  readonly rule: string
  readonly numParams: number
  readonly numUpdates: number
  /** How the updates came into the engine's memory. */
  readonly input: Source['input']
  readonly seconds: number
  /** Of the first run, in which an engine takes memory and compiles. */
  readonly firstSeconds: number
  readonly gbPerSecond: number
  /** Of it: reading the updates into the engine's memory. */
  readonly readMs: number
  /** The device's own time, where it tells: over the bus, and in the kernels. */
  readonly device: StreamTimes | undefined
}

export interface MeasuredEngine {
  readonly engine: VectorEngine
  readonly times?: () => StreamTimes | undefined
}

/** The fastest of `repeats` runs after one to compile and to take memory; without repeats that one counts. */
export async function measureRule(
  { engine, times }: MeasuredEngine,
  rule: string,
  { rows, input, takeReadMs }: Source,
  repeats: number,
): Promise<Measured> {
  const run = async (): Promise<Omit<Measured, 'firstSeconds'>> => {
    takeReadMs()
    times?.()
    const begin = performance.now()
    await rules[rule]!(engine, rows)
    const seconds = (performance.now() - begin) / 1000
    const gbPerSecond = (4 * rows.count * rows.size) / seconds / 1e9
    const base = { engine: engine.name, rule, numParams: rows.size, numUpdates: rows.count, input }
    return { ...base, seconds, gbPerSecond, readMs: takeReadMs(), device: times?.() }
  }
  let best = await run()
  const firstSeconds = best.seconds
  for (let i = 0; i < repeats; i++) {
    const next = await run()
    if (i === 0 || next.seconds < best.seconds) best = next
  }
  return { ...best, firstSeconds }
}

/** GB/s at which one thread of this process reads memory that no cache holds: SIMD loads, a multiplication and an addition. */
export function readBandwidth(numBytes = 512 * 2 ** 20): number {
  const { kernels, memory } = loadKernels()
  memory.grow(numBytes / 65_536)
  const begin = 65_536
  new Float32Array(memory.buffer, begin, numBytes / 4).fill(1) // pages that nobody wrote are all one page, in the cache
  kernels.finite(begin, numBytes)
  const rates = [1, 2, 3, 4, 5].map(() => {
    const start = performance.now()
    kernels.finite(begin, numBytes)
    return numBytes / (performance.now() - start) / 1e6
  })
  return Math.max(...rates)
}

/** GB/s at which one thread copies between arrays: what it takes to bring an update into an engine's memory. */
export function copyBandwidth(numBytes = 256 * 2 ** 20): number {
  const [from, to] = [new Uint8Array(numBytes).fill(1), new Uint8Array(numBytes).fill(2)]
  const rates = [1, 2, 3, 4, 5].map(() => {
    const start = performance.now()
    to.set(from)
    return numBytes / (performance.now() - start) / 1e6
  })
  return Math.max(...rates)
}

/** GB/s at which the device takes in host memory with nothing else to do, and gives memory of its own to the host. */
export async function busBandwidth({ device }: OpenDevice, numBytes = 64 * 2 ** 20, numCopies = 16) {
  const make = (purpose: number) => device.createBuffer({ size: numBytes, usage: purpose })
  const own = make(usage.storage | usage.copyTarget | usage.copySource)
  const up = make(usage.mapWrite | usage.copySource)
  const down = make(usage.mapRead | usage.copyTarget)
  const rate = async (from: GPUBuffer, to: GPUBuffer): Promise<number> => {
    let best = 0
    for (let run = 0; run < 4; run++) {
      const encoder = device.createCommandEncoder()
      for (let copy = 0; copy < numCopies; copy++) encoder.copyBufferToBuffer(from, 0, to, 0, numBytes)
      const begin = performance.now()
      device.queue.submit([encoder.finish()])
      await device.queue.onSubmittedWorkDone()
      best = Math.max(best, (numCopies * numBytes) / (performance.now() - begin) / 1e6)
    }
    return best
  }
  const rates = { up: await rate(up, own), down: await rate(own, down) }
  for (const buffer of [own, up, down]) buffer.destroy()
  return rates
}

/** GB/s at which rows are read into memory that the device copies from, two tiles at once, with nothing else to do. */
export async function arrivalBandwidth({ device }: OpenDevice, rows: Rows, numBytes = 32 * 2 ** 20): Promise<number> {
  const length = Math.floor(numBytes / 4 / rows.count)
  const make = (purpose: number, mappedAtCreation = false) =>
    device.createBuffer({ size: 4 * length * rows.count, usage: purpose, mappedAtCreation })
  const tile = make(usage.storage | usage.copyTarget)
  const slots = [0, 1].map(() => ({ staging: make(usage.mapWrite | usage.copySource, true), free: Promise.resolve() }))
  const send = async (staging: GPUBuffer, start: number): Promise<void> => {
    const values = new Float32Array(staging.getMappedRange())
    const num = Math.min(length, rows.size - start)
    const into = Array.from({ length: rows.count }, (_, k) => values.subarray(k * length, k * length + num))
    await rows.read(start, into)
    staging.unmap()
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(staging, 0, tile, 0, tile.size)
    device.queue.submit([encoder.finish()])
    await staging.mapAsync(mapMode.write)
  }
  let best = 0
  for (let run = 0; run < 4; run++) {
    const begin = performance.now()
    for (let [start, turn] = [0, 0]; start < rows.size; start += length, turn++) {
      const slot = slots[turn % 2]!
      await slot.free
      slot.free = send(slot.staging, start)
    }
    for (const { free } of slots) await free
    best = Math.max(best, (4 * rows.count * rows.size) / (performance.now() - begin) / 1e6)
  }
  for (const buffer of [tile, ...slots.map(({ staging }) => staging)]) buffer.destroy()
  return best
}

const whole = (ms: number) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0))

/** A table of what was measured, in Markdown; each beside the wasm engine on the same rule and size. */
export function table(measured: readonly Measured[], readLimit: number): string[] {
  const onWasm = (row: Measured) => {
    const same = measured.filter(
      ({ engine, rule, numParams }) => engine === 'wasm' && rule === row.rule && numParams === row.numParams,
    )
    return same.find(({ input }) => input === row.input) ?? same.find(({ input }) => input === 'files') ?? same[0]
  }
  return [
    '| engine | rule | params | updates are | time | input GB/s | of the read limit | × wasm | reading, ms | bus, ms (GB/s) | kernels, ms |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...measured.map((row) => {
      const wasm = onWasm(row)
      const faster = wasm === undefined ? '' : (wasm.seconds / row.seconds).toFixed(1)
      const { device } = row
      const bytes =
        4 * row.numParams * row.numUpdates * (row.rule === 'multi-Krum' || row.rule.startsWith('NNM') ? 2 : 1)
      const bus = device && `${whole(device.uploadMs)} (${(bytes / device.uploadMs / 1e6).toFixed(1)})`
      return `| ${row.engine} | ${row.rule} | ${row.numParams.toExponential(0)} | ${row.input} | ${(1000 * row.seconds).toFixed(1)} ms | ${row.gbPerSecond.toFixed(2)} | ${(row.gbPerSecond / readLimit).toFixed(2)} | ${faster} | ${whole(row.readMs)} | ${bus ?? ''} | ${device === undefined ? '' : whole(device.computeMs)} |`
    }),
  ]
}
