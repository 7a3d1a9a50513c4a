import { huberDelta, type Loss } from '@panal/client-core'
import type { GraphBuilder } from './onnx/graph-builder.ts'

/** A mean loss over logits, in a graph: the same as client-core's objective of its name. */
export interface GraphObjective {
  /** From labels [n] to what the loss compares with. */
  targets(g: GraphBuilder, labels: string, numClasses: number): string
  /** The mean loss of a batch of `count` examples, a scalar, and its gradient by the logits. */
  loss(
    g: GraphBuilder,
    of: { readonly logits: string; readonly targets: string; readonly count: string },
  ): {
    readonly loss: string
    readonly gradient: string
  }
  /** Class probabilities [n, classes]. */
  probabilities(g: GraphBuilder, logits: string): string
}

const categorical: GraphObjective = {
  targets: (g, labels, numClasses) =>
    g.op('OneHot', [labels, g.int([numClasses]), g.float(Float32Array.of(0, 1), [2])]),
  loss: (g, { logits, targets, count }) => {
    const logs = g.op('LogSoftmax', [logits], { axis: 1 })
    const sum = g.op('ReduceSum', [g.op('Mul', [logs, targets])], { keepdims: 0 })
    return {
      loss: g.op('Neg', [g.op('Div', [sum, count])]),
      gradient: g.op('Div', [g.op('Sub', [g.op('Exp', [logs]), targets]), count]),
    }
  },
  probabilities: (g, logits) => g.op('Softmax', [logits], { axis: 1 }),
}

const binary: GraphObjective = {
  targets: (g, labels) => g.op('Unsqueeze', [g.op('Cast', [labels], { to: 1 }), g.int([1])]),
  loss: (g, { logits: z, targets, count }) => {
    const linear = g.op('Sub', [g.op('Relu', [z]), g.op('Mul', [z, targets])])
    const bent = g.op('Softplus', [g.op('Neg', [g.op('Abs', [z])])])
    const sum = g.op('ReduceSum', [g.op('Add', [linear, bent])], { keepdims: 0 })
    return {
      loss: g.op('Div', [sum, count]),
      gradient: g.op('Div', [g.op('Sub', [g.op('Sigmoid', [z]), targets]), count]),
    }
  },
  probabilities: (g, z) => g.op('Concat', [g.op('Sigmoid', [g.op('Neg', [z])]), g.op('Sigmoid', [z])], { axis: 1 }),
}

/** @param write what each difference between a probability and its target costs, and the slope of that */
const ofProbabilities = (
  write: (g: GraphBuilder, difference: string) => { readonly cost: string; readonly slope: string },
): GraphObjective => ({
  ...categorical,
  loss: (g, { logits, targets }) => {
    const p = g.op('Softmax', [logits], { axis: 1 })
    const { cost, slope } = write(g, g.op('Sub', [p, targets]))
    const size = g.op('Cast', [g.op('Size', [p])], { to: 1 })
    const byP = g.op('Div', [slope, size])
    const along = g.op('ReduceSum', [g.op('Mul', [byP, p]), g.int([1])], { keepdims: 1 })
    return {
      loss: g.op('ReduceMean', [cost], { keepdims: 0 }),
      gradient: g.op('Mul', [p, g.op('Sub', [byP, along])]),
    }
  },
})

export const graphObjectives = {
  'categorical-crossentropy': categorical,
  'binary-crossentropy': binary,
  'mean-squared-error': ofProbabilities((g, d) => ({
    cost: g.op('Mul', [d, d]),
    slope: g.op('Mul', [d, g.float(2)]),
  })),
  'mean-absolute-error': ofProbabilities((g, d) => ({ cost: g.op('Abs', [d]), slope: g.op('Sign', [d]) })),
  huber: ofProbabilities((g, d) => {
    const size = g.op('Abs', [d])
    const curved = g.op('Min', [size, g.float(huberDelta)])
    return {
      cost: g.op('Mul', [curved, g.op('Sub', [size, g.op('Mul', [curved, g.float(0.5)])])]),
      slope: g.op('Clip', [d, g.float(-huberDelta), g.float(huberDelta)]),
    }
  }),
} as const satisfies Record<Loss, GraphObjective>
