import { VectorError } from '../engine.ts'
import { usage } from './device.ts'

/** As many as one operation uses. */
const maxKept = 2

/**
 * Host memory that the device copies from, mapped, kept from one operation to the next: to pin a hundred megabytes takes
 * as long as to send them.
 */
export class StagingPool {
  readonly #device: GPUDevice
  #free: GPUBuffer[] = []
  #numWriting = 0
  #isClosed = false

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /** A mapped buffer. What it holds is whatever was there. */
  take(numBytes: number): GPUBuffer {
    const fits = this.#free.find(({ size }) => size === numBytes)
    if (fits !== undefined) {
      this.#free = this.#free.filter((each) => each !== fits)
      return fits
    }
    for (const other of this.#free.splice(0)) other.destroy()
    return this.#device.createBuffer({
      size: numBytes,
      usage: usage.mapWrite | usage.copySource,
      mappedAtCreation: true,
    })
  }

  /**
   * Lets `work` write to the first bytes of a mapped buffer, which the device may read afterwards.
   * @throws VectorError 'device-lost' once the pool is closed
   */
  async write(buffer: GPUBuffer, numBytes: number, work: (memory: ArrayBuffer) => Promise<void>): Promise<void> {
    if (this.#isClosed) throw new VectorError('device-lost', 'the engine is closed')
    this.#numWriting += 1
    try {
      await work(buffer.getMappedRange(0, numBytes))
      buffer.unmap()
    } finally {
      this.#numWriting -= 1
      this.#destroyIfDone()
    }
  }

  /** Destroys the device; while somebody writes, afterwards: its memory would be gone under their hands. */
  close(): void {
    this.#isClosed = true
    this.#destroyIfDone()
  }

  #destroyIfDone(): void {
    if (this.#isClosed && this.#numWriting === 0) this.#device.destroy()
  }

  /** Mapped again, and not yet read from or written to. */
  giveBack(buffer: GPUBuffer): void {
    if (this.#free.length < maxKept) this.#free.push(buffer)
    else buffer.destroy()
  }
}
