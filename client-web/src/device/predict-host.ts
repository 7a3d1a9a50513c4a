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
import type { FromWorker, PredictInput, ToWorker } from './worker-messages.ts'

type PredictionMessage = Extract<ToWorker, { type: 'load-model' | 'predict' }>

/** `calibrator`: what the served weights do not do by themselves. */
let loaded: { readonly model: LayersModel; readonly card: TaskCard; readonly calibrator: Calibrator } | undefined

/** Loads the champion as any application would, and answers with it. */
export async function handlePrediction(message: PredictionMessage, tell: (message: FromWorker) => void): Promise<void> {
  if (message.type === 'load-model') {
    if (loaded === undefined) {
      const { chosen, trials } = await chooseBackend(message.backend, message.card.topology)
      tell({ type: 'backend', chosen, trials })
    }
    const model = await loadLayersModel(message.url)
    loaded?.model.dispose()
    loaded = { model, card: message.card, calibrator: calibratorOf(model) }
    tell({ type: 'model-loaded', url: message.url })
    return
  }
  if (loaded === undefined) throw new Error('No model is loaded yet.')
  tell({ type: 'predicted', requestId: message.requestId, probabilities: await predict(loaded, message.input) })
}

async function predict(
  { model, card, calibrator }: NonNullable<typeof loaded>,
  input: PredictInput,
): Promise<number[]> {
  const values = encode(card, input)
  const output = tidy(() => applyModel(model, tensor(values, [1, ...inputShape(card.data)]), false))
  const answers = [...(await output.data())]
  output.dispose()
  const [positive] = answers
  const probabilities = answers.length === 1 && positive !== undefined ? [1 - positive, positive] : answers
  return [...applyCalibrator(calibrator, { probabilities, numClasses: probabilities.length })]
}

function encode({ data }: TaskCard, input: PredictInput): Float32Array {
  if (data.kind === 'image' && input.kind === 'pixels') return scalePixels(input.pixels, data)
  if (data.kind === 'table' && input.kind === 'row') return encodeRow(input.values, data)
  throw new Error('This task answers another kind of question.')
}
