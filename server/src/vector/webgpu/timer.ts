import { mapMode, usage } from './device.ts'

/** Where a stream's time on the device goes, in ms: over the bus, and in the kernels. */
export interface StreamTimes {
  readonly uploadMs: number
  readonly computeMs: number
}

/** Takes the device's own timestamps around each tile's upload and kernels. */
export class StreamTimer {
  readonly #queries: GPUQuerySet
  readonly #resolved: GPUBuffer
  readonly #free: GPUBuffer[] = []
  readonly #device: GPUDevice
  #pending: GPUBuffer[] = []
  #uploadNs = 0n
  #computeNs = 0n

  constructor(device: GPUDevice) {
    this.#device = device
    this.#queries = device.createQuerySet({ type: 'timestamp', count: 4 })
    this.#resolved = device.createBuffer({ size: 32, usage: usage.queryResolve | usage.copySource })
  }

  /** An empty pass: only passes have timestamps, and the upload is none. */
  beforeUpload(encoder: GPUCommandEncoder): void {
    const timestampWrites = { querySet: this.#queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 }
    encoder.beginComputePass({ timestampWrites }).end()
  }

  computePass(): GPUComputePassDescriptor {
    return {
      timestampWrites: { querySet: this.#queries, beginningOfPassWriteIndex: 2, endOfPassWriteIndex: 3 },
    }
  }

  resolve(encoder: GPUCommandEncoder): void {
    encoder.resolveQuerySet(this.#queries, 0, 4, this.#resolved, 0)
    const readback =
      this.#free.pop() ?? this.#device.createBuffer({ size: 32, usage: usage.mapRead | usage.copyTarget })
    encoder.copyBufferToBuffer(this.#resolved, 0, readback, 0, 32)
    this.#pending.push(readback)
  }

  /** Adds up what has been resolved. */
  async collect(): Promise<void> {
    const readbacks = this.#pending
    this.#pending = []
    for (const readback of readbacks) {
      await readback.mapAsync(mapMode.read)
      const [, begin, computing, end] = new BigInt64Array(readback.getMappedRange())
      this.#uploadNs += computing! - begin!
      this.#computeNs += end! - computing!
      readback.unmap()
      this.#free.push(readback)
    }
  }

  /** What was measured since the last time this was asked. */
  take(): StreamTimes {
    const times = { uploadMs: Number(this.#uploadNs) / 1e6, computeMs: Number(this.#computeNs) / 1e6 }
    this.#uploadNs = 0n
    this.#computeNs = 0n
    return times
  }
}
