import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { useLiveServer } from '../../fixtures/live-server.ts'
import { openRound, putUpdate, updateOf, type OpenRound, type RawDevice } from '../../fixtures/raw-device.ts'
import { answerOf, verdictOf } from '../../fixtures/raw-http.ts'

const live = useLiveServer()
const numParams = 51
const maxWeight = 40

/** Devices of the cohort, by what they do. */
const accepted = { healthy: 0, alsoHealthy: 1, minusZero: 2, allZero: 3, greedy: 4 }
const numAccepted = Object.keys(accepted).length
let round: OpenRound
const device = (index: number): RawDevice => round.devices[index]!

const withOne = (value: number): Uint8Array => {
  const delta = new Float32Array(numParams).fill(0.001)
  delta[17] = value
  return new Uint8Array(delta.buffer)
}

/** Each spoils the round of one device of its own. */
const refused: readonly [string, Uint8Array, string][] = [
  ['[F1] a NaN weight', withOne(NaN), 'non-finite'],
  ['[F2] a weight of +Infinity', withOne(Infinity), 'non-finite'],
  ['[F2] a weight of -Infinity', withOne(-Infinity), 'non-finite'],
  // √51 · 1e38 = 7.1e38, over the largest float32, 3.4e38
  ['[F5] weights of 1e38 whose norm overflows', updateOf(numParams, 1e38), 'non-finite'],
  ['[F6] one weight too few', updateOf(numParams - 1), 'wrong-length'],
]
/** As long as they say, and longer than the model: refused before a byte is read, so it is no verdict for good. */
const tooLong: readonly [string, Uint8Array][] = [
  ['[F6] one weight too many', updateOf(numParams + 1)],
  ['[F7] float64 values declared float32', new Uint8Array(new Float64Array(numParams).fill(0.001).buffer)],
]
const weights = async (version: number): Promise<Float32Array> => {
  const { weightsSha256 } = await answerOf(await live.fetch(`/v1/tasks/weights/versions/${version}`))
  return new Float32Array(await (await live.fetch(`/v1/blobs/${String(weightsSha256)}`)).arrayBuffer())
}

beforeAll(async () => {
  round = await openRound(live, 'weights', {
    numDevices: numAccepted + refused.length,
    strategy: {
      sampler: { name: 'uniform' },
      // No max-norm: what is refused here is refused for not being numbers.
      checks: [],
      weight: 'examples',
      maxWeight,
      aggregator: { name: 'mean' },
      serverOptimizer: { name: 'sgd', learningRate: 1 },
    },
    gate: {
      checks: [
        { name: 'integrity', maxLossRatio: 1000 },
        { name: 'floor', metric: 'accuracy', min: 0 },
      ],
    },
    rounds: { minIntervalMs: 0, max: 1 },
  })
}, 60_000)
afterAll(() => round.close())

describe('weights that are none', () => {
  it.each(refused.map(([name, bytes, code], index) => [name, bytes, code, numAccepted + index] as const))(
    '%s [422], and stays refused',
    async (_, bytes, code, index) => {
      expect(await verdictOf(putUpdate(live, device(index), round.offer, { bytes }))).toEqual([422, code])
      expect(await verdictOf(putUpdate(live, device(index), round.offer, { bytes }))).toEqual([422, code])
    },
  )

  it.each(tooLong)('%s [422]', async (_, bytes) => {
    const verdict = await verdictOf(putUpdate(live, device(accepted.healthy), round.offer, { bytes }))
    expect(verdict).toEqual([422, 'wrong-length'])
  })
})

describe('numbers of examples', () => {
  it.each([0, -1, 1.5, 2 ** 53, '10', NaN, null, [10]])('[F8] numExamples %p [400]', async (numExamples) => {
    const answer = await putUpdate(live, device(accepted.healthy), round.offer, {
      bytes: updateOf(numParams),
      header: { numExamples },
    })
    expect(await answerOf(answer)).toMatchObject({
      status: 400,
      code: 'bad-update-header',
      errors: [{ path: '/numExamples' }],
    })
  })

  it('[F9] numExamples 1e9 weighs no more than the task’s cap [capped]', async () => {
    const answer = await putUpdate(live, device(accepted.greedy), round.offer, {
      bytes: updateOf(numParams, 0.5),
      header: { numExamples: 1e9 },
    })
    expect(await answerOf(answer)).toMatchObject({ status: 200, weight: maxWeight })
  })
})

describe('what is accepted, and what comes of it', () => {
  it('[F3] −0 everywhere counts as 0 [accepted]', async () => {
    const answer = await putUpdate(live, device(accepted.minusZero), round.offer, { bytes: updateOf(numParams, -0) })
    expect(await answerOf(answer)).toMatchObject({ status: 200, norm: 0, weight: 10 })
  })

  it('[F4] an update of zeros is accepted', async () => {
    const answer = await putUpdate(live, device(accepted.allZero), round.offer, { bytes: updateOf(numParams, 0) })
    expect(await answerOf(answer)).toMatchObject({ status: 200, norm: 0, weight: 10 })
  })

  it('the round closes with the updates that were good, and nothing of the others is in the model', async () => {
    const closed = round.closing()
    const healthy = [0.1, 0.3]
    for (const [index, value] of healthy.entries())
      expect((await putUpdate(live, device(index), round.offer, { bytes: updateOf(numParams, value) })).status).toBe(
        200,
      )
    expect(await closed).toMatchObject({ numAccepted, numRejected: refused.length, numLate: 0, candidateVersion: 1 })

    const [base, next] = await Promise.all([weights(0), weights(1)])
    // Weights 10, 10, 10, 10 and the cap of 40: (10 · 0.1 + 10 · 0.3 + 10 · 0 + 10 · 0 + 40 · 0.5) / 80
    const mean = 24 / 80
    for (let i = 0; i < numParams; i++) expect(next[i]).toBeCloseTo(base[i]! + mean, 6)
  }, 60_000)
})
