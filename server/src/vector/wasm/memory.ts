import { kernelsBase64 } from './kernels.generated.ts'

/** What server/assembly/vector-kernels.ts exports; all numbers are byte addresses, byte counts or counts. */
export interface Kernels {
  finite(x: number, numBytes: number): number
  weightedSum(
    x: number,
    stride: number,
    count: number,
    length: number,
    weights: number,
    divisor: number,
    out: number,
    sums: number,
  ): void
  addRows(x: number, stride: number, count: number, length: number, weights: number, sums: number): void
  divide(sums: number, length: number, divisor: number, out: number): void
  squaredDistances(x: number, stride: number, count: number, length: number, distances: number): void
  select(
    x: number,
    stride: number,
    count: number,
    length: number,
    network: number,
    networkEnd: number,
    first: number,
    last: number,
    nearest: number,
    column: number,
    out: number,
  ): void
}

const pageBytes = 65_536

export function loadKernels(): { readonly kernels: Kernels; readonly memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 })
  const module = new WebAssembly.Module(Buffer.from(kernelsBase64, 'base64'))
  const imports = { env: { memory } }
  return { kernels: new WebAssembly.Instance(module, imports).exports as unknown as Kernels, memory }
}

/**
 * The kernels' memory during one operation: blocks taken one after another, all of them before the first view is made,
 * because memory that grows detaches its views. What a block holds at first is whatever was there.
 */
export class Arena {
  readonly #memory: WebAssembly.Memory
  readonly #pending: (() => void)[] = []
  #end = 1024 // the compiler's own data, if it has any, lies below

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory
  }

  /** Address of a new block, a multiple of 64. */
  take(numBytes: number): number {
    const address = this.#end
    this.#end += Math.ceil(numBytes / 64) * 64
    return address
  }

  /** Address of a block that `settle` will fill with these. */
  put(values: Float64Array): number {
    const address = this.take(values.byteLength)
    this.#pending.push(() => this.doubles(address, values.length, false).set(values))
    return address
  }

  putIndices(values: Uint32Array): number {
    const address = this.take(values.byteLength)
    this.#pending.push(() => new Uint32Array(this.#memory.buffer, address, values.length).set(values))
    return address
  }

  /** Makes the memory as large as what was taken, and fills the blocks that were put. @throws RangeError beyond 4 GiB */
  settle(): void {
    const missing = this.#end - this.#memory.buffer.byteLength
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes))
    for (const fill of this.#pending.splice(0)) fill()
  }

  /** A view of a block. */
  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length)
  }

  /** A copy of a block, or a view of it. */
  doubles(address: number, length: number, copied = true): Float64Array {
    const view = new Float64Array(this.#memory.buffer, address, length)
    return copied ? view.slice() : view
  }
}
