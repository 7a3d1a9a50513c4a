import { afterAll, describe, expect, it } from '@jest/globals'
import type { TaskDocument } from '@panal/server'
import { makeEvaluator } from '../../../../server/src/gate/evaluator.ts'
import { gateDocument } from '../../../fixtures/gate-evaluation.ts'

const never = new AbortController().signal
const csv: Readonly<Record<string, string>> = {
  table: 'a,label\n0,no\n1,yes\n2,no\n-3,yes\n',
  broken: 'b,label\n0,no\n',
}
const evaluator = makeEvaluator({ readBlob: (sha256) => Promise.resolve(Buffer.from(csv[sha256] ?? '')) })
afterAll(() => evaluator.close())

const document = gateDocument()
const binary: TaskDocument = { ...document, loss: 'binary-crossentropy' }
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

describe('the evaluation worker, with real models', () => {
  it('gives the softmax of a logistic regression: logits (0, 2a + 1)', async () => {
    // mlp with hidden [] : kernel [1, 2] = (0, 2), bias (0, 1)
    const params = Float32Array.of(0, 2, 0, 1)
    const { probabilities, labels, numClasses } = await evaluator.predict(
      { document, params, datasetSha256: 'table' },
      never,
    )
    expect(numClasses).toBe(2)
    expect(labels).toEqual(Int32Array.of(0, 1, 0, 1))
    const expected = [0, 1, 2, -3].flatMap((a) => [1 - sigmoid(2 * a + 1), sigmoid(2 * a + 1)])
    expect(probabilities).toHaveLength(8)
    expected.forEach((p, i) => expect(probabilities[i]).toBeCloseTo(p, 6))
  })
  it('turns one sigmoid output p into (1 − p, p)', async () => {
    const { probabilities } = await evaluator.predict(
      { document: binary, params: Float32Array.of(-1, 0.5), datasetSha256: 'table' },
      never,
    )
    const expected = [0, 1, 2, -3].flatMap((a) => [1 - sigmoid(0.5 - a), sigmoid(0.5 - a)])
    expected.forEach((p, i) => expect(probabilities[i]).toBeCloseTo(p, 6))
  })
  it('leaves the caller’s params where they are', async () => {
    const params = Float32Array.of(0, 2, 0, 1)
    await evaluator.predict({ document, params, datasetSha256: 'table' }, never)
    expect(params).toEqual(Float32Array.of(0, 2, 0, 1))
  })
  it('says what is wrong with the params or the dataset, and goes on', async () => {
    const request = { document, params: new Float32Array(4), datasetSha256: 'table' }
    await expect(evaluator.predict({ ...request, params: new Float32Array(3) }, never)).rejects.toThrow(/3 params/)
    await expect(evaluator.predict({ ...request, datasetSha256: 'broken' }, never)).rejects.toThrow(Error)
    const { probabilities } = await evaluator.predict(request, never)
    expect(Array.from(probabilities)).toEqual(new Array(8).fill(0.5))
  })
})
