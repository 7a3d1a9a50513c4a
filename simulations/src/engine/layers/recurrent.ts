import type { GraphBuilder } from '../onnx/graph-builder.ts'
import type { ValueInfo } from '../onnx/model-proto.ts'
import { activationOf } from './activations.ts'
import { cells, type Cell } from './cells.ts'
import { Uncompilable, type Activation, type LayerCompiler } from './layer.ts'

/** By tfjs's name, or by Keras's. */
const setting = (config: Readonly<Record<string, unknown>>, name: string, snake: string): unknown =>
  config[name] ?? config[snake]

/**
 * A cell over the times of a sequence [n, times, features]: a Scan forward, and one from the end back. What the inputs give to
 * the gates, and the kernels' gradients, are one product for all times.
 */
const recurrent =
  (kind: keyof typeof cells): LayerCompiler =>
  ({ config, inputShape, outputShape }) => {
    if (inputShape.length !== 2) throw new Uncompilable('a recurrent layer over other than sequences')
    for (const [name, snake] of [
      ['dropout', 'dropout'],
      ['recurrentDropout', 'recurrent_dropout'],
      ['returnState', 'return_state'],
      ['stateful', 'stateful'],
      ['resetAfter', 'reset_after'],
    ] as const) {
      const value = setting(config, name, snake) ?? false
      if (value !== false && value !== 0) throw new Uncompilable(`a recurrent layer with ${name}`)
    }
    const hasBias = setting(config, 'useBias', 'use_bias') !== false
    const returnsAll = setting(config, 'returnSequences', 'return_sequences') === true
    const goesBackwards = setting(config, 'goBackwards', 'go_backwards') === true
    const units = outputShape.at(-1)!
    const [activation, gate] = [
      activationOf(config['activation']),
      activationOf(setting(config, 'recurrentActivation', 'recurrent_activation')),
    ]
    const [times, features] = inputShape as [number, number]
    return {
      pass(g, x, weight) {
        const cell = cells[kind](g, { units, kernel: weight('recurrent_kernel'), activation, recurrent: gate })
        const size: SequenceSize = { times, units, width: cell.numGates * units }
        const inTime = timeFirst(g, x.name, goesBackwards)
        const rows = g.op('Reshape', [inTime, g.int([-1, features])])
        const given = g.op('Gemm', [rows, weight('kernel'), ...(hasBias ? [weight('bias')] : [])])
        const count = g.op('Shape', [x.name], { start: 0, end: 1 })
        const zeros = g.op('Expand', [g.float(0), g.op('Concat', [count, g.int([units])], { axis: 0 })])
        const run = scan(g, cell, { given: g.op('Reshape', [given, g.int([times, -1, size.width])]), zeros, size })
        const y: Activation = {
          name: returnsAll ? g.op('Transpose', [run.answers], { perm: [1, 0, 2] }) : run.last,
          shape: outputShape,
        }
        return {
          y,
          backward(dy, needsInput) {
            const all = returnsAll ? g.op('Transpose', [dy], { perm: [1, 0, 2] }) : undefined
            const dz = scanBack(g, cell, { run, zeros, last: returnsAll ? zeros : dy, all, size })
            const flat = (value: string, width: number) => g.op('Reshape', [value, g.int([-1, width])])
            const dzRows = flat(dz, size.width)
            const before = run.states.map((state) => flat(state, units))
            const input = (): string => {
              const dx = g.op('Gemm', [dzRows, weight('kernel')], { transB: 1 })
              const sequence = g.op('Reshape', [dx, g.int([times, -1, features])])
              return batchFirst(g, sequence, goesBackwards)
            }
            return {
              weights: {
                kernel: g.op('Gemm', [rows, dzRows], { transA: 1 }),
                recurrent_kernel: cell.kernelGradient(g, { state: before, z: flat(run.z, size.width), dz: dzRows }),
                ...(hasBias && { bias: g.op('ReduceSum', [dzRows, g.int([0])], { keepdims: 0 }) }),
              },
              ...(needsInput && { input: input() }),
            }
          },
        }
      },
    }
  }

interface SequenceSize {
  readonly times: number
  readonly units: number
  /** Of all gates together. */
  readonly width: number
}

const reversed = (g: GraphBuilder, sequence: string): string =>
  g.op('Slice', [sequence, g.int([-1]), g.int([-(2 ** 31)]), g.int([0]), g.int([-1])])

function timeFirst(g: GraphBuilder, x: string, goesBackwards: boolean): string {
  const sequence = g.op('Transpose', [x], { perm: [1, 0, 2] })
  return goesBackwards ? reversed(g, sequence) : sequence
}

const batchFirst = (g: GraphBuilder, sequence: string, goesBackwards: boolean): string =>
  g.op('Transpose', [goesBackwards ? reversed(g, sequence) : sequence], { perm: [1, 0, 2] })

/** All are [times, n, …], in the order in which the cell saw them. */
interface Run {
  readonly answers: string
  /** The answer at the end: [n, units]. */
  readonly last: string
  /** Before each step. */
  readonly states: readonly string[]
  readonly z: string
}

const value = (name: string, width: number): ValueInfo => ({ name, type: 'float32', dims: ['n', width] })

function scan(
  g: GraphBuilder,
  cell: Cell,
  {
    given,
    zeros,
    size: { units, width },
  }: { readonly given: string; readonly zeros: string; readonly size: SequenceSize },
): Run {
  const body = g.inner((inner) => {
    const state = Array.from({ length: cell.numStates }, () => inner.input('float32', ['n', units]))
    const x = inner.input('float32', ['n', width])
    const step = cell.step(inner, { x, state })
    const copy = (name: string) => inner.op('Identity', [name])
    return [
      ...step.state.map((name) => value(name, units)),
      value(copy(step.state[0]!), units),
      ...state.map((name) => value(copy(name), units)),
      value(copy(step.z), width),
    ]
  })
  const initial = Array.from({ length: cell.numStates }, () => zeros)
  const outputs = g.ops('Scan', [...initial, given], 2 * cell.numStates + 2, { body, num_scan_inputs: 1 })
  return {
    last: outputs[0]!,
    answers: outputs[cell.numStates]!,
    states: outputs.slice(cell.numStates + 1, 2 * cell.numStates + 1),
    z: outputs.at(-1)!,
  }
}

/** ∂z of each step, [times, n, gates · units]. @param of the gradients by the answer at the end, and by all answers */
function scanBack(
  g: GraphBuilder,
  cell: Cell,
  of: {
    readonly run: Run
    readonly zeros: string
    readonly last: string
    readonly all: string | undefined
    readonly size: SequenceSize
  },
): string {
  const { run, zeros, last, all, size } = of
  const { units, width } = size
  const body = g.inner((inner) => {
    const [first, ...others] = Array.from({ length: cell.numStates }, () => inner.input('float32', ['n', units]))
    const state = run.states.map(() => inner.input('float32', ['n', units]))
    const z = inner.input('float32', ['n', width])
    const dh = all === undefined ? first! : inner.op('Add', [first!, inner.input('float32', ['n', units])])
    const back = cell.back(inner, { state, z }, [dh, ...others])
    return [...back.state.map((name) => value(name, units)), value(inner.op('Identity', [back.dz]), width)]
  })
  const initial = [last, ...Array.from({ length: cell.numStates - 1 }, () => zeros)]
  const sequences = [...run.states, run.z, ...(all === undefined ? [] : [all])]
  return g
    .ops('Scan', [...initial, ...sequences], cell.numStates + 1, {
      body,
      num_scan_inputs: sequences.length,
      scan_input_directions: sequences.map(() => 1),
      scan_output_directions: [1],
    })
    .at(-1)!
}

export const simpleRnn = recurrent('SimpleRNN')
export const lstm = recurrent('LSTM')
export const gru = recurrent('GRU')
