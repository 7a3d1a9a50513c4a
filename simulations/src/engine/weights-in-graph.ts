import type { WeightForm } from './layers/layer.ts'
import type { Chain, ChainWeight } from './model-chain.ts'
import type { GraphBuilder } from './onnx/graph-builder.ts'

/** How a weight lies in the graph; undefined: as in tfjs. */
export const formOf = ({ layers }: Chain, { layer, shortName }: ChainWeight): WeightForm | undefined =>
  layers[layer]!.forms?.[shortName]

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)

/** From one vector of all params to the weights, each as it lies in the graph. */
export function unpackWeights(g: GraphBuilder, chain: Chain, params: string): string[] {
  const { weights } = chain
  if (weights.length === 0) return []
  const sizes = weights.map(({ shape }) => sizeOf(shape))
  const parts = weights.length === 1 ? [params] : g.ops('Split', [params, g.int(sizes)], weights.length, { axis: 0 })
  return weights.map((weight, i) => {
    const form = formOf(chain, weight)
    const asInTfjs = g.op('Reshape', [parts[i]!, g.int(form?.from ?? weight.shape)])
    if (form === undefined) return asInTfjs
    return g.op('Reshape', [g.op('Transpose', [asInTfjs], { perm: form.perm }), g.int(form.dims)])
  })
}

/** The reverse of `unpackWeights`. */
export function packWeights(g: GraphBuilder, chain: Chain, values: readonly string[]): string {
  const flat = chain.weights.map((weight, i) => {
    const form = formOf(chain, weight)
    if (form === undefined) return g.op('Reshape', [values[i]!, g.int([-1])])
    const { from = weight.shape } = form
    const permuted = g.op('Reshape', [values[i]!, g.int(form.perm.map((axis) => from[axis]!))])
    const back = form.perm.map((_, axis) => form.perm.indexOf(axis))
    return g.op('Reshape', [g.op('Transpose', [permuted], { perm: back }), g.int([-1])])
  })
  return flat.length === 1 ? flat[0]! : g.op('Concat', flat, { axis: 0 })
}

export const dimsOf = (chain: Chain, weight: ChainWeight): readonly number[] =>
  formOf(chain, weight)?.dims ?? weight.shape
