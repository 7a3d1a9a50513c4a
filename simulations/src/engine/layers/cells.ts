import type { GraphBuilder } from '../onnx/graph-builder.ts'
import type { activationOf } from './activations.ts'

/** What a recurrent cell is given at one time, all [n, …]. */
export interface CellInput {
  /** What the input gives to each gate, its bias with it: [n, gates · units]. */
  readonly x: string
  /** Each [n, units]; the first is what the cell answers. */
  readonly state: readonly string[]
}

export interface CellStep {
  readonly state: readonly string[]
  /** What each gate's function was given: [n, gates · units]. */
  readonly z: string
}

export interface CellGradients {
  /** By z. */
  readonly dz: string
  /** By the state before. */
  readonly state: readonly string[]
}

/** One step of a recurrent layer, written into a graph that sees its weights. */
export interface Cell {
  readonly numGates: number
  readonly numStates: number
  step(g: GraphBuilder, input: CellInput): CellStep
  /** @param of the state before and z of the step; @param gradients by the state after it */
  back(
    g: GraphBuilder,
    of: { readonly state: readonly string[]; readonly z: string },
    gradients: readonly string[],
  ): CellGradients
  /** By the recurrent kernel [units, gates · units]. @param of all steps, one after the other: states before them, z, ∂z */
  kernelGradient(
    g: GraphBuilder,
    of: { readonly state: readonly string[]; readonly z: string; readonly dz: string },
  ): string
}

export interface CellSettings {
  readonly units: number
  /** [units, gates · units] */
  readonly kernel: string
  readonly activation: ReturnType<typeof activationOf>
  readonly recurrent: ReturnType<typeof activationOf>
}

/** In a graph: what is outside is written there once, for all steps. */
type CellCompiler = (outside: GraphBuilder, settings: CellSettings) => Cell

/** h′ = f(x + h·U). */
const simple: CellCompiler = (_, { kernel, activation }) => ({
  numGates: 1,
  numStates: 1,
  step(g, { x, state: [h] }) {
    const z = g.op('Gemm', [h!, kernel, x])
    return { z, state: [activation.apply(g, z)] }
  },
  back(g, { z }, [dh]) {
    const dz = activation.gradient(g, { x: z, y: activation.apply(g, z), dy: dh! })
    return { dz, state: [g.op('Gemm', [dz, kernel], { transB: 1 })] }
  },
  kernelGradient: (g, { state: [h], dz }) => g.op('Gemm', [h!, dz], { transA: 1 }),
})

/** Hochreiter and Schmidhuber 1997, with forget gates; gates in the order of Keras: input, forget, new, output. */
const lstm: CellCompiler = (_, { kernel, activation, recurrent }) => {
  const gates = (g: GraphBuilder, z: string, c: string) => {
    const parts = g.ops('Split', [z], 4, { axis: 1 }) as [string, string, string, string]
    const [zi, zf, zn, zo] = parts
    const [i, f, o] = [zi, zf, zo].map((part) => recurrent.apply(g, part)) as [string, string, string]
    const n = activation.apply(g, zn)
    const next = g.op('Add', [g.op('Mul', [f, c]), g.op('Mul', [i, n])])
    return { parts, i, f, n, o, next, seen: activation.apply(g, next) }
  }
  return {
    numGates: 4,
    numStates: 2,
    step(g, { x, state: [h, c] }) {
      const z = g.op('Gemm', [h!, kernel, x])
      const { o, next, seen } = gates(g, z, c!)
      return { z, state: [g.op('Mul', [o, seen]), next] }
    },
    back(g, { state: [, c], z }, [dh, dc]) {
      const { parts, i, f, n, o, next, seen } = gates(g, z, c!)
      const through = activation.gradient(g, { x: next, y: seen, dy: g.op('Mul', [dh!, o]) })
      const dNext = g.op('Add', [dc!, through])
      const by = (of: typeof activation, x: string, y: string, ...dy: [string, string]) =>
        of.gradient(g, { x, y, dy: g.op('Mul', dy) })
      const [zi, zf, zn, zo] = parts
      const dz = g.op(
        'Concat',
        [
          by(recurrent, zi, i, dNext, n),
          by(recurrent, zf, f, dNext, c!),
          by(activation, zn, n, dNext, i),
          by(recurrent, zo, o, dh!, seen),
        ],
        { axis: 1 },
      )
      return { dz, state: [g.op('Gemm', [dz, kernel], { transB: 1 }), g.op('Mul', [dNext, f])] }
    },
    kernelGradient: (g, { state: [h], dz }) => g.op('Gemm', [h!, dz], { transA: 1 }),
  }
}

/** Cho et al. 2014, arXiv:1406.1078; gates in the order of Keras: update, reset, new. The reset comes before the product. */
const gru: CellCompiler = (outside, { units, kernel, activation, recurrent }) => {
  const slice = (g: GraphBuilder, value: string, from: number, to: number) =>
    g.op('Slice', [value, g.int([from * units]), g.int([to * units]), g.int([1])])
  const [ofGates, ofNew] = [slice(outside, kernel, 0, 2), slice(outside, kernel, 2, 3)]
  const gates = (g: GraphBuilder, z: string) => {
    const [zu, zr] = [slice(g, z, 0, 1), slice(g, z, 1, 2)]
    return { zu, zr, u: recurrent.apply(g, zu), r: recurrent.apply(g, zr) }
  }
  return {
    numGates: 3,
    numStates: 1,
    step(g, { x, state: [h] }) {
      const zGates = g.op('Gemm', [h!, ofGates, slice(g, x, 0, 2)])
      const { u, r } = gates(g, zGates)
      const zn = g.op('Gemm', [g.op('Mul', [r, h!]), ofNew, slice(g, x, 2, 3)])
      const n = activation.apply(g, zn)
      const kept = g.op('Mul', [u, g.op('Sub', [h!, n])]) // u·h + (1 − u)·n
      return { z: g.op('Concat', [zGates, zn], { axis: 1 }), state: [g.op('Add', [kept, n])] }
    },
    back(g, { state: [h], z }, [dh]) {
      const { zu, zr, u, r } = gates(g, z)
      const zn = slice(g, z, 2, 3)
      const n = activation.apply(g, zn)
      const du = g.op('Mul', [dh!, g.op('Sub', [h!, n])])
      const kept = g.op('Mul', [dh!, u])
      const dzn = activation.gradient(g, { x: zn, y: n, dy: g.op('Sub', [dh!, kept]) })
      const dReset = g.op('Gemm', [dzn, ofNew], { transB: 1 })
      const dzGates = g.op(
        'Concat',
        [
          recurrent.gradient(g, { x: zu, y: u, dy: du }),
          recurrent.gradient(g, { x: zr, y: r, dy: g.op('Mul', [dReset, h!]) }),
        ],
        { axis: 1 },
      )
      const direct = g.op('Add', [kept, g.op('Mul', [dReset, r])])
      return {
        dz: g.op('Concat', [dzGates, dzn], { axis: 1 }),
        state: [g.op('Gemm', [dzGates, ofGates, direct], { transB: 1 })],
      }
    },
    kernelGradient(g, { state: [h], z, dz }) {
      const { r } = gates(g, z)
      const byGates = g.op('Gemm', [h!, slice(g, dz, 0, 2)], { transA: 1 })
      const byNew = g.op('Gemm', [g.op('Mul', [r, h!]), slice(g, dz, 2, 3)], { transA: 1 })
      return g.op('Concat', [byGates, byNew], { axis: 1 })
    },
  }
}

export const cells = { SimpleRNN: simple, LSTM: lstm, GRU: gru } as const
