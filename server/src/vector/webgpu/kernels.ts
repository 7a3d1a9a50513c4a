import type { SelectionSteps } from '../selection.ts'
import type { Buffers } from './buffers.ts'
import { registersShader, selectShader, selectShape } from './select-shader.ts'
import {
  combineShader,
  combineThreads,
  distanceShader,
  finiteShader,
  finiteThreads,
  maxFiniteGroups,
  pairBlock,
  pairChunk,
  reduceShader,
  reduceThreads,
  scaleShader,
  scaleThreads,
} from './shaders.ts'

/** Encodes a kernel for a tile whose rows are `stride` values apart and `num` long. */
export type Encode = (pass: GPUComputePassEncoder, size: { readonly num: number; readonly stride: number }) => void

/** New rows that one thread makes at once: each value read serves so many. */
const mixedPerThread = 4

/** Each number of updates has programs of its own; most rounds of a task have the same. */
const maxPrograms = 24

/** Makes kernels ready for the buffers of one operation. The programs last used are kept compiled. */
export class Kernels {
  readonly #device: GPUDevice
  readonly #programs = new Map<string, GPUComputePipeline>()

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /** Sets `flag` if a value of `numRows` rows is not finite. */
  finite(buffers: Buffers, tile: GPUBuffer, numRows: number, flag: GPUBuffer): Encode {
    const run = this.#bind(buffers, finiteShader, [tile, flag])
    return (pass, { num, stride }) => {
      const groups = Math.min(Math.ceil((numRows * stride) / finiteThreads), maxFiniteGroups)
      run(pass, [numRows, stride, num, 1], [groups])
    }
  }

  /** Takes each row of the tile times its scale. `scales` are pairs of floats, [count]. */
  scale(buffers: Buffers, tile: GPUBuffer, scales: GPUBuffer): Encode {
    const run = this.#bind(buffers, scaleShader, [tile, scales])
    const count = scales.size / 8
    return (pass, { num, stride }) => run(pass, [count, stride, num, 1], [Math.ceil(stride / scaleThreads), count])
  }

  /** Weighted sums of `count` rows, `numOut` of them. `weights` are pairs of floats, [numOut, count]. */
  combine(
    buffers: Buffers,
    from: GPUBuffer,
    weights: GPUBuffer,
    to: GPUBuffer,
    shape: { count: number; numOut: number },
  ) {
    const { count, numOut } = shape
    const perThread = numOut === 1 ? 1 : mixedPerThread
    const run = this.#bind(buffers, combineShader(perThread), [from, weights, to])
    const encode: Encode = (pass, { num, stride }) =>
      run(pass, [count, stride, num, numOut], [Math.ceil(stride / combineThreads), Math.ceil(numOut / perThread)])
    return encode
  }

  /** One selected number per coordinate. The tile may be in another order afterwards. */
  select(
    buffers: Buffers,
    from: GPUBuffer,
    to: GPUBuffer,
    { count, isLarge, steps }: { readonly count: number; readonly isLarge: boolean; readonly steps: SelectionSteps },
  ): Encode {
    const maxWorkgroupBytes = this.#device.limits.maxComputeWorkgroupStorageSize
    const shape = selectShape(count, steps, { isLarge, maxWorkgroupBytes })
    const run =
      shape.place === 'registers'
        ? this.#bind(buffers, registersShader(shape, count, steps), [from, to])
        : this.#bind(buffers, selectShader(shape, count, steps), [from, networkIn(buffers, steps), to])
    return (pass, { num, stride }) =>
      run(pass, [count, stride, num, steps.network.length], [Math.ceil(stride / shape.threads)])
  }

  /** Adds the squared distances of all pairs of rows to totals that start at zero; `unpack` reads them. */
  pairs(buffers: Buffers, from: GPUBuffer, count: number, length: number) {
    const blocks = pairBlocks(count)
    const blockPairs = pairBlock * pairBlock
    const partial = buffers.storage(4 * blocks.length * blockPairs * Math.ceil(length / pairChunk))
    const totals = buffers.storage(8 * blocks.length * blockPairs)
    const distance = this.#bind(buffers, distanceShader, [
      from,
      buffers.filled(Uint32Array.from(blocks.flat())),
      partial,
    ])
    const reduce = this.#bind(buffers, reduceShader, [partial, totals])
    const encode: Encode = (pass, { num, stride }) => {
      const numChunks = Math.ceil(stride / pairChunk)
      distance(pass, [count, stride, num, 1], [numChunks, blocks.length])
      reduce(pass, [count, stride, num, numChunks], [(blocks.length * blockPairs) / reduceThreads])
    }
    return { encode, totals, unpack: (values: Float32Array) => unpackPairs(values, blocks, count) }
  }

  #bind(buffers: Buffers, code: string, bound: readonly GPUBuffer[]) {
    const dims = buffers.uniform()
    const pipeline = this.#program(code)
    const bindGroup = this.#device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [dims, ...bound].map((buffer, binding) => ({ binding, resource: { buffer } })),
    })
    return (
      pass: GPUComputePassEncoder,
      told: readonly [count: number, stride: number, length: number, numOut: number],
      [x, y = 1]: readonly [x: number, y?: number],
    ): void => {
      this.#device.queue.writeBuffer(dims, 0, Uint32Array.of(...told, 0))
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, bindGroup)
      pass.dispatchWorkgroups(x, y)
    }
  }

  #program(code: string): GPUComputePipeline {
    const program = this.#programs.get(code) ?? this.#compiled(code)
    this.#programs.delete(code)
    this.#programs.set(code, program) // the last used is last
    for (const old of this.#programs.keys()) if (this.#programs.size > maxPrograms) this.#programs.delete(old)
    return program
  }

  #compiled(code: string): GPUComputePipeline {
    const module = this.#device.createShaderModule({ code })
    return this.#device.createComputePipeline({ layout: 'auto', compute: { module } })
  }
}

const networkIn = (buffers: Buffers, { network }: SelectionSteps): GPUBuffer =>
  buffers.filled(Uint32Array.from(network.flat()))

/** Blocks of rows against blocks of rows: every pair of rows is in one of them. */
function pairBlocks(count: number): (readonly [number, number])[] {
  const sides = Array.from({ length: Math.ceil(count / pairBlock) }, (_, side) => side)
  return sides.flatMap((i) => sides.slice(i).map((j) => [i, j] as const))
}

function unpackPairs(
  totals: Float32Array,
  blocks: readonly (readonly [number, number])[],
  count: number,
): Float64Array {
  const distances = new Float64Array(count * count)
  for (const [index, [rowBlock, columnBlock]] of blocks.entries())
    for (let pair = 0; pair < pairBlock * pairBlock; pair++) {
      const i = rowBlock * pairBlock + Math.floor(pair / pairBlock)
      const j = columnBlock * pairBlock + (pair % pairBlock)
      if (i >= j || j >= count) continue
      const at = 2 * (index * pairBlock * pairBlock + pair)
      const total = totals[at]! + totals[at + 1]!
      distances[i * count + j] = total
      distances[j * count + i] = total
    }
  return distances
}
