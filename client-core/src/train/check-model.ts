import { inputShape } from '../data/read-dataset.ts'
import type { DataSchema } from '../protocol/data-schema.ts'
import type { Loss, ModelSpec } from '../protocol/task.ts'
import { initialParams } from './initial-params.ts'
import { layoutOf, openModel } from './model.ts'
import { isJsonObject, modelTopology, outputActivation, outputLayerIndex, outputOf, type Topology } from './topology.ts'

/** One thing wrong with a task's model; `path` is a JSON pointer into the task document. */
export interface ModelProblem {
  readonly path: string
  readonly message: string
}

const root = '/model/topology'
const text = (shape: readonly (number | null)[]): string => `[${shape.map((length) => length ?? 'n').join(', ')}]`
const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index])

function checkLayers(topology: Topology, activation: string): ModelProblem[] {
  const problems: ModelProblem[] = []
  topology.config.layers.forEach((layer, index) => {
    const config = isJsonObject(layer) ? layer.config : undefined
    // A name that tfjs makes up would differ from process to process, and the weights with it.
    if (!isJsonObject(config) || typeof config.name !== 'string' || config.name === '')
      problems.push({ path: `${root}/config/layers/${index}/config/name`, message: 'every layer needs a name' })
  })
  const index = outputLayerIndex(topology)
  if (index === -1) problems.push({ path: `${root}/config`, message: 'the model must have exactly one output layer' })
  else if (outputActivation(topology.config.layers[index]) !== activation)
    problems.push({
      path: `${root}/config/layers/${index}/config/activation`,
      message: `the output layer’s activation must be ${activation} for this loss`,
    })
  return problems
}

async function checkShapes(topology: Topology, data: DataSchema, units: number): Promise<ModelProblem[]> {
  const model = await openModel(topology)
  try {
    const problems: ModelProblem[] = []
    const input = [null, ...inputShape(data)]
    if (model.inputs.length !== 1 || !same(model.inputs[0]!.shape, input))
      problems.push({
        path: root,
        message: `the input is ${model.inputs.map(({ shape }) => text(shape)).join(' and ')}; the data gives ${text(input)}`,
      })
    if (model.outputs.length !== 1 || !same(model.outputs[0]!.shape, [null, units]))
      problems.push({
        path: root,
        message: `the output is ${model.outputs.map(({ shape }) => text(shape)).join(' and ')}; the task needs ${text([null, units])}`,
      })
    if (model.trainableWeights.length === 0) problems.push({ path: root, message: 'the model has nothing to train' })
    const names = layoutOf(model).tensors.map(({ name }) => name)
    for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index)))
      problems.push({ path: root, message: `two weights are called ${name}` })
    return problems
  } finally {
    model.dispose()
  }
}

/** All that is wrong with a task's model, given its data and loss; [] when it can be trained. Opens the model. */
export async function checkModel(spec: ModelSpec, data: DataSchema, loss: Loss): Promise<ModelProblem[]> {
  if (loss === 'binary-crossentropy' && data.classes.length !== 2)
    return [{ path: '/loss', message: `binary-crossentropy needs two classes; there are ${data.classes.length}` }]
  const { units, activation } = outputOf(data, loss)
  try {
    const topology = modelTopology(spec, data, loss)
    const problems = checkLayers(topology, activation)
    if (problems.length > 0) return problems
    const misfits = await checkShapes(topology, data, units)
    if (misfits.length === 0) await initialParams(topology, 0)
    return misfits
  } catch (error) {
    // tfjs answers a layer it cannot build with an Error of its own; whatever it says is about the document.
    if (error instanceof Error) return [{ path: root, message: error.message }]
    throw error
  }
}
