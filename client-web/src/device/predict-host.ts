import {
  applyCalibrator,
  applyModel,
  calibratorOf,
  encodeRow,
  inputShape,
  scalePixels,
  type Calibrator,
  type TaskCard,
} from '@panal/client-core'
import { tensor, tidy } from '@tensorflow/tfjs-core'
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers'
import { chooseBackend } from './backend.ts'
import { loadOwn } from './load-own.ts'
import { browserStorage } from './storage.ts'
import type { FromWorker, PredictInput, ToWorker } from './worker-messages.ts'

type PredictionMessage = Extract<ToWorker, { type: 'load-model' | 'predict' | 'drop-own' }>

/** `calibrator`: what the served weights do not do by themselves. */
interface Loaded {
  readonly model: LayersModel
  readonly card: TaskCard
  readonly calibrator: Calibrator
  /** This browser's own. */
  readonly own: LayersModel | null
}
let loaded: Loaded | undefined

/** Loads the champion as any application would, and answers with it; beside it this browser's own model, if it has one. */
export async function handlePrediction(message: PredictionMessage, tell: (message: FromWorker) => void): Promise<void> {
  if (message.type === 'load-model') {
    const { card, url } = message
    if (loaded === undefined) {
      const { chosen, trials } = await chooseBackend(message.backend, card.topology)
      tell({ type: 'backend', chosen, trials })
    }
    const model = await loadLayersModel(url)
    const own = await loadOwn(card, browserStorage)
    loaded?.model.dispose()
    loaded?.own?.dispose()
    loaded = { model, card, calibrator: calibratorOf(model), own: own?.model ?? null }
    tell({ type: 'model-loaded', url, own: own?.about ?? null })
    return
  }
  if (message.type === 'drop-own') {
    loaded?.own?.dispose()
    if (loaded !== undefined) loaded = { ...loaded, own: null }
    tell({ type: 'own-dropped' })
    return
  }
  if (loaded === undefined) throw new Error('No model is loaded yet.')
  const { model, own, card, calibrator } = loaded
  const values = encode(card, message.input)
  const answers = [...applyCalibrator(calibrator, await predict(model, card, values))]
  const ownAnswers = own === null ? null : [...(await predict(own, card, values)).probabilities]
  tell({ type: 'predicted', requestId: message.requestId, probabilities: answers, own: ownAnswers })
}

async function predict(model: LayersModel, { data }: TaskCard, values: Float32Array) {
  const output = tidy(() => applyModel(model, tensor(values, [1, ...inputShape(data)]), false))
  const answers = [...(await output.data())]
  output.dispose()
  const [positive] = answers
  const probabilities = answers.length === 1 && positive !== undefined ? [1 - positive, positive] : answers
  return { probabilities, numClasses: probabilities.length }
}

function encode({ data }: TaskCard, input: PredictInput): Float32Array {
  if (data.kind === 'image' && input.kind === 'pixels') return scalePixels(input.pixels, data)
  if (data.kind === 'table' && input.kind === 'row') return encodeRow(input.values, data)
  throw new Error('This task answers another kind of question.')
}
