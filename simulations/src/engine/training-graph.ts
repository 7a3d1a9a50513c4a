import type { LocalOptimizer, Loss } from '@panal/client-core'
import { toBlocked, toPlain } from './layers/blocked.ts'
import { asInGraph } from './layers/shapes.ts'
import { Uncompilable, type Activation, type Mode, type Pass } from './layers/layer.ts'
import { graphOptimizer, type Moved } from './local-optimizers.ts'
import type { Chain, ChainWeight } from './model-chain.ts'
import { graphObjectives } from './objectives.ts'
import { GraphBuilder } from './onnx/graph-builder.ts'
import { encodeModel, type ValueInfo } from './onnx/model-proto.ts'
import { dimsOf, packWeights, sizeOf, unpackWeights } from './weights-in-graph.ts'

export interface TrainingPlan {
  readonly loss: Loss
  readonly numClasses: number
  readonly optimizer: LocalOptimizer
  /** The most examples that a step has. */
  readonly batchSize: number
  /** μ of FedProx; 0 for none. */
  readonly proximalTerm: number
  /** Whether a vector, the same in all steps, is added to every gradient: the input `offset` [P]. */
  readonly isCorrected: boolean
  /** Whether the proximal term draws to another vector than the params that training starts from: the input `centre` [P]. */
  readonly hasCentre: boolean
  /** Whose weights move; of the last layer that has any to train, no moving averages do either. */
  readonly layers: 'all' | 'last'
}

/**
 * All steps of one device's round as one graph: a Loop whose body is forward pass, backward pass and optimizer step. The
 * whole of it runs in native code, and weights are copied into the graph once and out once.
 * Inputs: params [P], x [N, values] as tfjs has it, labels [N], order [M] rows of all steps one after the other, starts and
 * ends [S] of each step's rows in it, rate, and for the layers that draw bool `drawn-PLACE`, [M, width] in the order of `order`,
 * or [rows of a batch, width] where every batch gets the same. Outputs: params [P] and losses [S], each of its batch before the step.
 */
export function trainingGraph(chain: Chain, plan: TrainingPlan): Uint8Array {
  const { inputShape, weights } = chain
  const numParams = weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const g = new GraphBuilder()
  const params = g.input('float32', [numParams], 'params')
  const x = g.input('float32', ['N', sizeOf(inputShape)], 'x')
  const labels = g.input('int64', ['N'], 'labels')
  const order = g.input('int64', ['M'], 'order')
  const [starts, ends] = [g.input('int64', ['S'], 'starts'), g.input('int64', ['S'], 'ends')]
  const rate = g.input('float32', [], 'rate')

  const drawn = chain.layers.map(({ draws }, place) =>
    draws === undefined ? '' : g.input('bool', [`R${place}`, draws.width], drawnName(place)),
  )

  const objective = graphObjectives[plan.loss]
  const optimizer = graphOptimizer(plan.optimizer)
  const examples = asInGraph(g, x, inputShape)
  const targets = objective.targets(g, labels, plan.numClasses)
  const base = unpackWeights(g, chain, params)
  const offsets = plan.isCorrected ? unpackWeights(g, chain, g.input('float32', [numParams], 'offset')) : undefined
  const centre = plan.hasCentre ? unpackWeights(g, chain, g.input('float32', [numParams], 'centre')) : base
  const { trained, following } = movingWeights(chain, plan.layers)
  if (trained.length === 0) throw new Uncompilable('no weight of it is trained')
  const changing = [...trained, ...following]
  const shifts = offsets?.map((offset) => g.op('Mul', [offset, rate]))
  const zeros = trained.map((i) => g.op('Mul', [base[i]!, g.float(0)]))
  const states = Array.from({ length: optimizer.numStates }, () => zeros).flat()

  const body = g.inner((inner) => {
    const iteration = inner.input('int64', [])
    const goOn = inner.input('bool', [])
    const carried = changing.map((i) => inner.input('float32', dimsOf(chain, weights[i]!)))
    const state = Array.from({ length: optimizer.numStates }, () =>
      trained.map((i) => inner.input('float32', dimsOf(chain, weights[i]!))),
    )
    const at = inner.op('Unsqueeze', [iteration, inner.int([0])])
    const bound = (of: string) => inner.op('Gather', [of, at], { axis: 0 })
    const [start, end] = [bound(starts), bound(ends)]
    const rows = inner.op('Slice', [order, start, end, inner.int([0])])
    const drawnOf = (place: number): string => {
      const { draws } = chain.layers[place]!
      if (draws === undefined) return ''
      const bounds = draws.isRepeated ? [inner.int([0]), inner.op('Shape', [rows])] : [start, end]
      return inner.op('Slice', [drawn[place]!, ...bounds, inner.int([0])])
    }
    const pick = (of: string) => inner.op('Gather', [of, rows], { axis: 0 })
    const count = inner.op('Squeeze', [inner.op('Cast', [inner.op('Shape', [rows])], { to: 1 }), inner.int([0])])
    const current = base.map((value, i) => (changing.includes(i) ? carried[changing.indexOf(i)]! : value))
    const isFused = optimizer.isDescent === true && plan.proximalTerm === 0
    const { loss, gradients, updates } = differentiate(inner, chain, {
      x: { name: pick(examples), shape: inputShape },
      mode: (place) => ({ batchSize: plan.batchSize, drawn: drawnOf(place) }),
      weights: current,
      trained,
      loss: (logits) => objective.loss(inner, { logits, targets: pick(targets), count }),
      ...(isFused && { stepBy: inner.op('Neg', [rate]) }),
    })
    const numBefore = inner.op('Cast', [iteration], { to: 1 })
    const moved = trained.map((i, place): Moved => {
      if (isFused)
        return {
          weight: shifts === undefined ? gradients[i]! : inner.op('Sub', [gradients[i]!, shifts[i]!]),
          state: [],
        }
      const gradient = pulled(inner, {
        gradient: offsets === undefined ? gradients[i]! : inner.op('Add', [gradients[i]!, offsets[i]!]),
        weight: current[i]!,
        centre: centre[i]!,
        mu: plan.proximalTerm,
      })
      const own = state.map((of) => of[place]!)
      return optimizer.move(inner, { weight: current[i]!, gradient, state: own }, { rate, numBefore })
    })
    const value = (name: string, i: number): ValueInfo => ({ name, type: 'float32', dims: dimsOf(chain, weights[i]!) })
    return [
      { name: inner.op('Identity', [goOn]), type: 'bool', dims: [] },
      ...moved.map(({ weight }, place) => value(weight, trained[place]!)),
      ...following.map((i) => value(updates[i]!, i)),
      ...state.flatMap((_, k) => moved.map((each, place) => value(each.state[k]!, trained[place]!))),
      { name: loss, type: 'float32', dims: [] },
    ]
  })
  const numSteps = g.op('Squeeze', [g.op('Shape', [starts]), g.int([0])])
  const initial = changing.map((i) => base[i]!)
  const outputs = g.ops('Loop', [numSteps, '', ...initial, ...states], initial.length + states.length + 1, { body })
  const after = base.map((value, i) => (changing.includes(i) ? outputs[changing.indexOf(i)]! : value))
  const packed = packWeights(g, chain, after)
  return encodeModel(
    g.build([
      { name: packed, type: 'float32', dims: [numParams] },
      { name: outputs.at(-1)!, type: 'float32', dims: ['S'] },
    ]),
  )
}

/** The name of the input for a layer that draws. */
export const drawnName = (place: number): string => `drawn-${place}`

interface Differentiation {
  readonly x: Activation
  /** Of each layer. */
  readonly mode: (place: number) => Mode
  /** In the order of the chain's weights. */
  readonly weights: readonly string[]
  /** Places of those that are trained. */
  readonly trained: readonly number[]
  readonly loss: (logits: string) => { readonly loss: string; readonly gradient: string }
  /**
   * Instead of gradients, the weights plus so many times them: large ones are then read and written once, where a step
   * after the gradient reads and writes them thrice.
   */
  readonly stepBy?: string
}

interface Derivatives {
  readonly loss: string
  /** In the order of the chain's weights; of those that are trained. */
  readonly gradients: readonly (string | undefined)[]
  /** Likewise, of those that follow. */
  readonly updates: readonly (string | undefined)[]
}

/** Forward through all layers, and back: reverse-mode differentiation, written out. */
function differentiate(
  g: GraphBuilder,
  chain: Chain,
  { x, mode, weights, trained, loss: lossOf, stepBy }: Differentiation,
): Derivatives {
  const passes = forward(g, chain, { x, weights, mode })
  const { loss, gradient } = lossOf(passes.at(-1)!.y.name)
  const firstTrained = Math.min(...trained.map((i) => chain.weights[i]!.layer))
  const gradients: (string | undefined)[] = chain.weights.map(() => undefined)
  // Every gradient is linear in this one.
  let dy: string | undefined = stepBy === undefined ? gradient : g.op('Mul', [gradient, stepBy])
  for (let place = passes.length - 1; place >= firstTrained && dy !== undefined; place--) {
    const own = chain.weights.flatMap((weight, i) => (weight.layer === place ? [{ ...weight, i }] : []))
    const fuses = stepBy === undefined ? [] : (chain.layers[place]!.fuses ?? [])
    const plus = own.flatMap(({ shortName, i }) =>
      fuses.includes(shortName) ? [[shortName, weights[i]!] as const] : [],
    )
    const found = passes[place]!.backward(dy, place > firstTrained, Object.fromEntries(plus))
    for (const { shortName, i } of own) {
      const gradient = found.weights[shortName]
      const isApart = stepBy !== undefined && gradient !== undefined && !fuses.includes(shortName)
      if (trained.includes(i)) gradients[i] = isApart ? g.op('Add', [weights[i]!, gradient]) : gradient
    }
    dy = found.input
  }
  const updates = chain.weights.map(({ layer, shortName }) => passes[layer]!.updates?.[shortName])
  return { loss, gradients, updates }
}

/** One pass for each layer. */
export function forward(
  g: GraphBuilder,
  chain: Chain,
  { x, weights, mode }: Pick<Differentiation, 'x' | 'weights' | 'mode'>,
): Pass[] {
  const passes: Pass[] = []
  chain.layers.forEach((layer, place) => {
    const weight = (name: string): string => {
      const at = chain.weights.findIndex((each) => each.layer === place && each.shortName === name)
      if (at === -1) throw new Error(`layer ${place} has no weight ${name}`)
      return weights[at]!
    }
    const given = passes.at(-1)?.y ?? x
    const pass = (value: Activation): Pass => layer.pass(g, value, weight, mode(place))
    passes.push(given.isBlocked !== true || layer.takesBlocked === true ? pass(given) : unblocked(g, given, pass))
  })
  return passes
}

/** A layer that knows no blocked images is given a plain one. */
function unblocked(g: GraphBuilder, { name, shape }: Activation, pass: (x: Activation) => Pass): Pass {
  const inner = pass({ name: toPlain(g, name, shape[2]!), shape })
  return {
    ...inner,
    backward(dy, needsInput, plus) {
      const { input, weights } = inner.backward(dy, needsInput, plus)
      return { weights, ...(input !== undefined && { input: toBlocked(g, input) }) }
    },
  }
}

/** Places of the weights that the optimizer moves, and of those that follow the batches. */
function movingWeights({ weights }: Chain, layers: TrainingPlan['layers']): Record<'trained' | 'following', number[]> {
  const of = (role: ChainWeight['role']) => weights.flatMap((weight, i) => (weight.role === role ? [i] : []))
  const trained = of('trained')
  if (layers === 'all') return { trained, following: of('follows') }
  const last = Math.max(...trained.map((i) => weights[i]!.layer))
  return { trained: trained.filter((i) => weights[i]!.layer === last), following: [] }
}

/** FedProx: μ·(w − centre) more. Li et al. 2020, arXiv:1812.06127 */
function pulled(
  g: GraphBuilder,
  { gradient, weight, centre, mu }: { gradient: string; weight: string; centre: string; mu: number },
): string {
  if (mu === 0) return gradient
  return g.op('Add', [gradient, g.op('Mul', [g.op('Sub', [weight, centre]), g.float(mu)])])
}

/** Class probabilities [N, classes] of x [N, values] under params [P]. */
export function predictionGraph(chain: Chain, loss: Loss): Uint8Array {
  const numParams = chain.weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const g = new GraphBuilder()
  const params = g.input('float32', [numParams], 'params')
  const x = g.input('float32', ['N', sizeOf(chain.inputShape)], 'x')
  const start = { name: asInGraph(g, x, chain.inputShape), shape: chain.inputShape }
  const weights = unpackWeights(g, chain, params)
  const logits = forward(g, chain, { x: start, weights, mode: () => 'prediction' }).at(-1)!.y.name
  const answers = graphObjectives[loss].probabilities(g, logits)
  return encodeModel(g.build([{ name: answers, type: 'float32', dims: ['N', 'C'] }]))
}
