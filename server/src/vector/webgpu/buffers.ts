import { usage } from './device.ts'

/** Buffers of one operation, gone with it. */
export class Buffers {
  readonly #device: GPUDevice
  readonly #made: GPUBuffer[] = []

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /** Memory of the device, zeros at first. */
  storage(numBytes: number): GPUBuffer {
    return this.#make(numBytes, usage.storage | usage.copySource | usage.copyTarget)
  }

  /** Memory of the device that holds these values. */
  filled(values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.storage(values.byteLength)
    if (values.byteLength > 0) this.#device.queue.writeBuffer(buffer, 0, values)
    return buffer
  }

  /** The five numbers that every kernel is told. */
  uniform(): GPUBuffer {
    return this.#make(20, usage.uniform | usage.copyTarget)
  }

  #make(numBytes: number, purpose: number): GPUBuffer {
    const buffer = this.#device.createBuffer({ size: Math.max(numBytes, 16), usage: purpose })
    this.#made.push(buffer)
    return buffer
  }

  destroy(): void {
    for (const buffer of this.#made) buffer.destroy()
  }
}
