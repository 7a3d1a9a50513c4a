import { afterEach, describe, expect, it } from '@jest/globals'
import type { Evaluator, Examiner } from '@panal/server'
import { makeEvaluator } from '../../../../server/src/gate/evaluator.ts'
import { gateDocument } from '../../../fixtures/gate-evaluation.ts'

const standIn = new URL('../../../fixtures/evaluator-stand-in.ts', import.meta.url)
const never = new AbortController().signal
const atOnce = 1
const hang = 2
const die = 3

let evaluator: Evaluator & Examiner
afterEach(() => evaluator.close())

/** An evaluator over the stand-in; `reads` lists which datasets were read. */
function open(maxDatasets = 6): {
  reads: string[]
  ask(sha: string, how: number, signal?: AbortSignal): Promise<number>
} {
  const reads: string[] = []
  evaluator = makeEvaluator({
    workerUrl: standIn,
    maxDatasets,
    readBlob: (sha256) => {
      if (sha256 === 'missing') return Promise.reject(new Error('no such blob'))
      reads.push(sha256)
      return Promise.resolve(Buffer.from(sha256))
    },
  })
  return {
    reads,
    ask: async (datasetSha256, how, signal = never) => {
      const request = { document: gateDocument(), params: Float32Array.of(how), datasetSha256 }
      return (await evaluator.predict(request, signal)).probabilities[0] ?? NaN
    },
  }
}

describe('the evaluator’s datasets', () => {
  it('are read and handed over once, also when asked for at the same time', async () => {
    const { ask, reads } = open()
    await Promise.all([ask('a', atOnce), ask('a', atOnce)])
    await ask('a', atOnce)
    expect(reads).toEqual(['a'])
  })
  it('are at most maxDatasets in the worker: the one unused for longest goes', async () => {
    const { ask, reads } = open(2)
    for (const sha of ['a', 'b', 'a', 'c']) await ask(sha, atOnce)
    // a and c are held; b was dropped and is read again.
    expect(await ask('a', atOnce)).toBe(2)
    expect(reads).toEqual(['a', 'b', 'c'])
    expect(await ask('b', atOnce)).toBe(2)
    expect(reads).toEqual(['a', 'b', 'c', 'b'])
  })
  it('are there for every request, however many there are at once', async () => {
    const { ask } = open(1)
    const asked = ['a', 'b', 'c', 'a', 'b', 'c'].map((sha) => ask(sha, atOnce))
    expect(await Promise.all(asked)).toEqual([1, 1, 1, 1, 1, 1])
  })
  it('that one request needs are all there, even if they are more than the worker keeps', async () => {
    const { ask, reads } = open(1)
    const document = { ...gateDocument(), sets: { evaluation: 'e', calibration: 'c', gate: 'g' } }
    const baseline = { kind: 'logistic', ridge: 1 } as const
    const held = async () => (await evaluator.baseline({ document, baseline }, never)).probabilities[0]
    expect(await Promise.all([held(), held()])).toEqual([2, 2])
    expect(reads.sort()).toEqual(['e', 'g'])
    // one is kept
    expect(await ask('x', atOnce)).toBe(1)
  })
  it('examined when a task is made are in the worker when its first round is judged', async () => {
    const { ask, reads } = open()
    const { data } = gateDocument()
    expect(await evaluator.examine('a', data)).toMatchObject({ numExamples: 1 })
    expect(await evaluator.examine('b', data)).toMatchObject({ numExamples: 2 })
    expect(await ask('a', atOnce)).toBe(2)
    expect(reads).toEqual(['a', 'b'])
  })
  it('that cannot be read fail their request alone', async () => {
    const { ask } = open()
    await expect(ask('missing', atOnce)).rejects.toThrow('no such blob')
    expect(await ask('a', atOnce)).toBe(1)
  })
})

describe('the evaluator’s worker', () => {
  it('that dies rejects what is pending, and the next request starts another one', async () => {
    const { ask, reads } = open()
    const pending = ask('a', hang)
    await Promise.all([
      expect(pending).rejects.toThrow('the evaluation worker stopped with code 3'),
      expect(ask('a', die)).rejects.toThrow('the evaluation worker stopped with code 3'),
    ])
    expect(await ask('a', atOnce)).toBe(1)
    expect(reads).toEqual(['a', 'a'])
  })
  it('that cannot start fails the request in plain words', async () => {
    evaluator = makeEvaluator({
      workerUrl: new URL('./no-such-worker.ts', import.meta.url),
      readBlob: () => Promise.resolve(new Uint8Array(1)),
    })
    const request = { document: gateDocument(), params: Float32Array.of(1), datasetSha256: 'a' }
    await expect(evaluator.predict(request, never)).rejects.toThrow('the evaluation worker failed: ')
  })
})

describe('ending', () => {
  it('an abort rejects its request with the reason, and no other', async () => {
    const { ask } = open()
    const controller = new AbortController()
    const reason = new Error('the server stops')
    const aborted = ask('a', hang, controller.signal)
    expect(await ask('a', atOnce)).toBe(1)
    controller.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    expect(await ask('a', atOnce)).toBe(1)
  })
  it('an aborted signal asks nothing', async () => {
    const { ask, reads } = open()
    await expect(ask('a', atOnce, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
    expect(reads).toEqual([])
  })
  it('close rejects what is pending and every later request; again is harmless', async () => {
    const { ask } = open()
    await ask('a', atOnce)
    const pending = expect(ask('a', hang)).rejects.toThrow('the evaluation worker stopped')
    // Asked after the hanging one, so that one has been posted when this is answered.
    await ask('a', atOnce)
    await evaluator.close()
    await pending
    await expect(ask('a', atOnce)).rejects.toThrow('closed')
    await expect(evaluator.examine('a', gateDocument().data)).rejects.toThrow('closed')
    await evaluator.close()
  })
})
