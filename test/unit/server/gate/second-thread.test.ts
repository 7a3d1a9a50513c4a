import { describe, expect, it } from '@jest/globals'
import { evaluationBatchRows, initialParams, makeRng, modelTopology, type Dataset } from '@panal/client-core'
import { digitsSchema } from '@panal/simulations'
import { runModel, type ModelSpec } from '../../../../server/src/gate/run-model.ts'
import { makeTwoThreads } from '../../../../server/src/gate/second-thread.ts'

const inputShape = [28, 28, 1]
const batch = evaluationBatchRows(inputShape)
const layer = (kind: string, name: string, config: object) => ({ class_name: kind, config: { name, ...config } })
const spec: ModelSpec = {
  data: digitsSchema,
  loss: 'categorical-crossentropy',
  model: {
    topology: {
      class_name: 'Sequential',
      config: {
        name: 'small',
        layers: [
          layer('Conv2D', 'conv', {
            filters: 2,
            kernel_size: [5, 5],
            strides: [4, 4],
            batch_input_shape: [null, ...inputShape],
          }),
          layer('Flatten', 'flatten', {}),
          layer('Dense', 'output', { units: 10, activation: 'softmax' }),
        ],
      },
    },
  },
}
const params = await initialParams(modelTopology(spec.model, spec.data, spec.loss), 1)

/** Images of noise. */
function images(numExamples: number): Dataset {
  const rng = makeRng(7)
  const x = Float32Array.from({ length: numExamples * 784 }, () => rng.uniform())
  return { numExamples, inputShape, x, y: Int32Array.from({ length: numExamples }, (_, i) => i % 10) }
}

/** A worker that does what is said, whatever it is asked. */
const worker = (source: string): URL => new URL(`data:text/javascript,${encodeURIComponent(source)}`)
const onMessage = (body: string): URL =>
  worker(`import { parentPort } from 'node:worker_threads'; parentPort.on('message', (message) => { ${body} })`)

describe('a model run on two threads', () => {
  // 4 batches and a rest: three of them are the first half's.
  const dataset = images(4 * batch + 5)

  it('answers with the bytes of one thread, set after set, and stops with the reason of the signal', async () => {
    const onTwo = makeTwoThreads({ numCores: 2 })
    const stop = new AbortController()
    const stopped = onTwo(spec, params, dataset, stop.signal)
    stop.abort(new Error('enough'))
    await expect(stopped).rejects.toThrow('enough')
    expect(await onTwo(spec, params, dataset)).toEqual(await runModel(spec, params, dataset))
    const smaller = images(4 * batch)
    expect(await onTwo(spec, params, smaller)).toEqual(await runModel(spec, params, smaller))
  })

  it('gives the second thread the later half, cut between batches', async () => {
    const rows = 'message.rows.numExamples'
    const onTwo = makeTwoThreads({
      numCores: 2,
      workerUrl: onMessage(
        `parentPort.postMessage({ id: message.id, answers: new Float32Array(${rows} * 10).fill(${rows}) })`,
      ),
    })
    const answers = await onTwo(spec, params, dataset)
    const numItsRows = batch + 5
    const itsStart = 3 * batch * 10
    expect(answers).toHaveLength(dataset.numExamples * 10)
    expect(answers.subarray(itsStart)).toEqual(new Float32Array(numItsRows * 10).fill(numItsRows))
    expect(answers.subarray(0, itsStart)).toEqual((await runModel(spec, params, dataset)).subarray(0, itsStart))
  })

  it.each([
    ['dies', 'process.exit(3)'],
    ['throws', 'throw new Error("no more")'],
    ['says that it failed', 'parentPort.postMessage({ id: message.id, detail: "out of memory" })'],
  ])('does all of it where the second thread %s', async (_, body) => {
    const onTwo = makeTwoThreads({ numCores: 2, workerUrl: onMessage(body) })
    const expected = await runModel(spec, params, dataset)
    expect(await onTwo(spec, params, dataset)).toEqual(expected)
    expect(await onTwo(spec, params, dataset)).toEqual(expected)
  })

  it.each([
    ['on one core', { numCores: 1 }, dataset],
    ['for a set of few batches', { numCores: 2 }, images(3 * batch)],
  ])('asks nobody %s', async (_, parts, data) => {
    // It would answer with nothing, so that answers were missing.
    const workerUrl = onMessage('parentPort.postMessage({ id: message.id, answers: new Float32Array(0) })')
    const answers = await makeTwoThreads({ ...parts, workerUrl })(spec, params, data)
    expect(answers).toHaveLength(data.numExamples * 10)
  })
})
