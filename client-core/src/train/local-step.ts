import {
  add,
  addN,
  mul,
  sub,
  tensor,
  tensor2d,
  tidy,
  Variable,
  variableGrads,
  type NamedTensorMap,
  type Scalar,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { tensorViews, type Params } from '../model/layout.ts'
import type { Plan } from '../protocol/task.ts'
import type { Batch } from './batches.ts'
import { startOptimizer } from './local-optimizer.ts'
import { applyModel, layoutOf } from './model.ts'
import type { Objective } from './objective.ts'
import type { TrainOptions } from './trainer.ts'

export interface LocalSteps {
  /** One optimizer step; answers the batch's mean loss before it, without the proximal term. The caller disposes it. */
  step(batch: Batch): Scalar
  dispose(): void
}

export interface LocalStepsParts {
  readonly objective: Objective
  readonly plan: Plan
  readonly numClasses: number
  readonly options: Pick<TrainOptions, 'correction' | 'centre' | 'layers'>
}

/** What a round's steps share. Holds tensors until disposed; `model` must have the base params in it. */
export function localSteps(
  model: LayersModel,
  { objective, plan, numClasses, options: { correction, centre, layers } }: LocalStepsParts,
): LocalSteps {
  const weights = layers === 'last' ? lastTrained(model) : model.trainableWeights
  const variables = weights.map((weight) => weight.read()).filter((v) => v instanceof Variable)
  const optimizer = startOptimizer(variables, plan)
  const proximalTerm = (plan.proximalTerm ?? 0) + (correction?.proximalTerm ?? 0)
  const offset = correction && offsetsOf(model, correction.offset)
  const base = proximalTerm > 0 ? centreOf(model, variables, centre) : undefined
  const [, ...exampleShape] = model.inputs[0]!.shape as number[]

  const lossOf = (x: Tensor, targets: Tensor2D): Scalar => {
    const loss = objective.loss(applyModel(model, x, true) as Tensor2D, targets)
    const penalties = model.calculateLosses() // of the topology's own regularisers
    return penalties.length === 0 ? loss : addN([loss, ...penalties])
  }

  /** FedProx: the gradient of μ/2·‖w − base‖² is μ·(w − base). Li et al. 2020, arXiv:1812.06127 */
  const pulled = (v: Variable, gradient: Tensor): Tensor =>
    base === undefined ? gradient : add(gradient, mul(sub(v, base.get(v.name)!), proximalTerm))
  const corrected = (v: Variable, gradient: Tensor): Tensor =>
    offset === undefined ? gradient : add(gradient, offset.get(v.name)!)

  const adjusted = (grads: NamedTensorMap): NamedTensorMap =>
    Object.fromEntries(
      variables
        .filter(({ name }) => name in grads)
        .map((v: Variable): [string, Tensor] => [v.name, corrected(v, pulled(v, grads[v.name]!))]),
    )

  return {
    step: ({ x, y }) =>
      tidy(() => {
        const { values, width } = objective.targets(y, numClasses)
        const batch = tensor(x, [y.length, ...exampleShape])
        const targets = tensor2d(values, [y.length, width])
        const { value, grads } = variableGrads(() => lossOf(batch, targets), variables)
        optimizer.apply(adjusted(grads))
        return value
      }),
    dispose() {
      optimizer.dispose()
      base?.forEach((values) => values.dispose())
      offset?.forEach((values) => values.dispose())
    },
  }
}

/** Weights of the last layer that has any to train: a head, as one says. */
export const lastTrained = ({ layers }: LayersModel): LayersModel['trainableWeights'] =>
  layers.filter(({ trainableWeights }) => trainableWeights.length > 0).at(-1)?.trainableWeights ?? []

const centreOf = (
  model: LayersModel,
  variables: readonly Variable[],
  centre: Params | undefined,
): ReadonlyMap<string, Tensor> =>
  centre === undefined ? new Map(variables.map((v) => [v.name, v.clone()])) : offsetsOf(model, centre)

/** A vector in the layout of the params, by the names of the variables that they are in. */
function offsetsOf(model: LayersModel, offset: Params): Map<string, Tensor> {
  const views = tensorViews(offset, layoutOf(model))
  return new Map(
    model.weights.map((weight, i): [string, Tensor] => [
      weight.name,
      tensor(views[i]!, weight.shape as number[], 'float32'),
    ]),
  )
}
