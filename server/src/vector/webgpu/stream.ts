import { everyDone } from '../../every-done.ts'
import { type Rows, VectorError } from '../engine.ts'
import { notFinite, roundUp, tileLength, tileUnit } from '../tiles.ts'
import { mapMode, type OpenDevice, usage } from './device.ts'
import type { Encode } from './kernels.ts'
import type { StagingPool } from './staging-pool.ts'
import type { StreamTimer } from './timer.ts'

/** A dispatch counts at most 65,535 workgroups, and the smallest selects 8 coordinates. */
const maxTileLength = 65_535 * 8 - ((65_535 * 8) % tileUnit)

/** Where rows arrive on the device. */
export interface TileBuffer {
  readonly tile: GPUBuffer
  /** Params of a whole tile. */
  readonly length: number
}

/** What all operations of an engine stream with. */
export interface Streaming {
  readonly open: OpenDevice
  readonly staging: StagingPool
  readonly timer: StreamTimer | undefined
}

export interface TileSize {
  readonly start: number
  readonly num: number
  /** Values between the starts of two rows: `num`, rounded up. */
  readonly stride: number
}

/** One operation's work on each tile. */
export interface StreamWork {
  /** They run in this order once the tile is there. */
  readonly kernels: readonly Encode[]
  /** Where a tile's results are, if each has its own: they go to `result`. */
  readonly out?: GPUBuffer
  readonly result?: Float32Array
}

/** One of two sets of buffers that the host and the device take turns with. */
interface Slot {
  readonly staging: GPUBuffer
  readonly readback: GPUBuffer | undefined
  /** Resolves once the slot's last tile is read, the device is done with it and its result is there. */
  free: Promise<unknown>
}

/** Params per tile on this device. */
export function deviceTileLength({ device }: OpenDevice, numRows: number, size: number, maxTileBytes: number): number {
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits
  const bytes = Math.min(maxTileBytes, maxBufferSize, maxStorageBufferBindingSize)
  return Math.min(tileLength(numRows, size, bytes), maxTileLength)
}

/**
 * Sends the rows through the device, a tile at a time and in order. They are read straight into memory that the device
 * copies from, two tiles at once: while the device has one, the other is being read. @throws VectorError 'device-lost',
 * what `read` throws
 */
export async function stream(
  { open, staging: pool, timer }: Streaming,
  rows: Rows,
  { tile, length }: TileBuffer,
  work: StreamWork,
): Promise<void> {
  const { device } = open
  const slots: Slot[] = []
  let isDone = false
  const submit = ({ staging, readback }: Slot, size: TileSize): void => {
    const encoder = device.createCommandEncoder()
    timer?.beforeUpload(encoder)
    encoder.copyBufferToBuffer(staging, 0, tile, 0, 4 * rows.count * size.stride)
    const pass = encoder.beginComputePass(timer?.computePass())
    for (const encode of work.kernels) encode(pass, size)
    pass.end()
    if (readback !== undefined) encoder.copyBufferToBuffer(work.out!, 0, readback, 0, 4 * size.stride)
    timer?.resolve(encoder)
    device.queue.submit([encoder.finish()])
  }
  let submitted: Promise<void> = Promise.resolve()
  try {
    while (slots.length < (rows.size > length ? 2 : 1)) {
      const staging = pool.take(tile.size)
      const readback = work.out && device.createBuffer({ size: 4 * length, usage: usage.mapRead | usage.copyTarget })
      slots.push({ staging, readback, free: Promise.resolve() })
    }
    for (let [start, turn] = [0, 0]; start < rows.size; start += length, turn++) {
      const slot = slots[turn % slots.length]!
      await slot.free
      const num = Math.min(length, rows.size - start)
      const size = { start, num, stride: roundUp(num, tileUnit) }
      const filled = pool.write(slot.staging, 4 * rows.count * size.stride, (memory) => fill(memory, rows, size))
      submitted = everyDone([submitted, filled]).then(() => submit(slot, size))
      slot.free = submitted.then(() => finish(slot, work, size, timer))
      slot.free.catch(() => undefined) // heard of when its turn comes
    }
    for (const slot of slots) await slot.free
    isDone = true
  } catch (cause) {
    throw lostOr(open, cause)
  } finally {
    await Promise.allSettled(slots.map(({ free }) => free)) // see `finish`
    for (const { staging, readback } of slots) {
      if (isDone) pool.giveBack(staging)
      else staging.destroy()
      readback?.destroy()
    }
  }
  checkFailure(open)
}

async function fill(memory: ArrayBuffer, rows: Rows, { start, num, stride }: TileSize): Promise<void> {
  const values = new Float32Array(memory)
  const into = Array.from({ length: rows.count }, (_, k) => values.subarray(k * stride, k * stride + num))
  if (num < stride) for (let k = 0; k < rows.count; k++) values.fill(0, k * stride + num, (k + 1) * stride)
  await rows.read(start, into)
}

/** Ends when nothing waits for the device any more: a callback into one that was collected would end the process. */
async function finish({ staging, readback }: Slot, { result }: StreamWork, size: TileSize, timer?: StreamTimer) {
  const mapped = [staging.mapAsync(mapMode.write), readback?.mapAsync(mapMode.read) ?? Promise.resolve()]
  await Promise.allSettled(mapped)
  await Promise.all(mapped)
  if (readback !== undefined && result !== undefined) {
    result.set(new Float32Array(readback.getMappedRange(0, 4 * size.num)), size.start)
    readback.unmap()
  }
  await timer?.collect()
}

/** Reads a whole buffer of the device. @throws VectorError 'device-lost' */
export async function download(open: OpenDevice, buffer: GPUBuffer): Promise<ArrayBuffer> {
  const { device } = open
  const readback = device.createBuffer({ size: buffer.size, usage: usage.mapRead | usage.copyTarget })
  try {
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(buffer, 0, readback, 0, buffer.size)
    device.queue.submit([encoder.finish()])
    await readback.mapAsync(mapMode.read)
    return readback.getMappedRange().slice(0)
  } catch (cause) {
    throw lostOr(open, cause)
  } finally {
    readback.destroy()
  }
}

/** @throws VectorError 'device-lost': after it, nothing that the device says counts */
export function checkFailure(open: OpenDevice): void {
  const failure = open.failure()
  if (failure !== undefined) throw new VectorError('device-lost', `the GPU is lost: ${failure}`)
}

/** What an operation failed of: the device where it is lost, else what was thrown. */
export function lostOr(open: OpenDevice, cause: unknown): unknown {
  const failure = open.failure()
  if (failure === undefined) return cause
  return new VectorError('device-lost', `the GPU is lost: ${failure}`, { cause })
}

/** @throws VectorError 'not-finite' if the flag that the finite kernel sets is set */
export async function checkFlag(open: OpenDevice, flag: GPUBuffer): Promise<void> {
  const [found] = new Uint32Array(await download(open, flag))
  checkFailure(open)
  if (found !== 0) throw notFinite()
}
