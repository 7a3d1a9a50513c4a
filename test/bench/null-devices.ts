import {
  makeRng,
  startSession,
  tfjsTrainer,
  type Dataset,
  type Params,
  type Session,
  type Trainer,
} from '@panal/client-core'
import { nodeRuntime } from '@panal/simulations'
import { ready, setBackend } from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'

/** Devices whose training takes no time: each answers at once with the same small random delta. */
export interface NullDevices {
  close(): Promise<void>
}

/** Every param moves by about this much a round: the model changes, and does not collapse within a thousand rounds. */
const deltaStd = 1e-6

const noData: Dataset = { numExamples: 1, inputShape: [1], x: new Float32Array(1), y: new Int32Array(1) }

export async function startNullDevices(server: string, taskId: string, count: number): Promise<NullDevices> {
  await setBackend('cpu')
  await ready()
  let shared: Promise<Trainer> | undefined
  const sessions = Array.from({ length: count }, (_, index): Session => {
    const runtime = nodeRuntime({ server, rng: makeRng(`bench/${process.pid}/${index}`) })
    return startSession({
      runtime,
      taskId,
      data: noData,
      makeTrainer: ({ topology, data, loss }) => (shared ??= tfjsTrainer(topology, data, loss).then(nullTrainer)),
      onEvent: (event) => {
        if (event.type === 'failed' || event.type === 'refused')
          console.error(`device ${index}: ${event.type} ${event.code ?? ''} ${event.detail}`)
      },
    })
  })
  return {
    async close() {
      await Promise.all(sessions.map((session) => session.leave()))
    },
  }
}

function nullTrainer(trainer: Trainer): Trainer {
  const rng = makeRng('delta')
  const delta: Params = Float32Array.from({ length: trainer.layout.size }, () => rng.normal() * deltaStd)
  const result = { delta, numExamples: 100, numSteps: 1, lossBefore: 1, lossAfter: 1 }
  return { ...trainer, train: () => Promise.resolve(result), dispose: () => undefined }
}
