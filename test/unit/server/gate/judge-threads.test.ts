import { afterEach, describe, expect, it } from '@jest/globals'
import type { GateSubject } from '@panal/server'
import type { JudgeThread, Trial } from '../../../../server/src/gate/judge-thread.ts'
import { makeJudgeThreads, type JudgeThreads } from '../../../../server/src/gate/judge-threads.ts'
import type { Sources } from '../../../../server/src/gate/sources.ts'
import { examplesOf, gateDocument } from '../../../fixtures/gate-evaluation.ts'

const workerUrl = new URL('../../../fixtures/judge-stand-in.ts', import.meta.url)
const never = new AbortController().signal
/** What the stand-in does in a check of this number. */
const [tell, die, loop, ask, takeMemory, hang] = [0, 1, 2, 3, 4, 5]

let threads: JudgeThreads
afterEach(() => threads.close())
const open = (maxThreads = 1): JudgeThreads => (threads = makeJudgeThreads({ workerUrl, maxThreads, maxHeapMb: 64 }))

const unasked = () => Promise.reject(new Error('not asked for'))
function trialOf(version: number, signal = never, examples: Sources['examples'] = unasked): Trial {
  const ref = { version, weightsSha256: 'a'.repeat(64) }
  const subject: GateSubject = { document: gateDocument(), candidate: ref, base: ref, champion: null, anchor: null }
  const others = { params: unasked, answers: unasked, answersAnew: unasked, answersUnder: unasked, baseline: unasked }
  return { subject, sources: { ...others, examples }, signal }
}
const make = async (thread: JudgeThread, index: number, trial: Trial): Promise<string> =>
  (await thread.run({ type: 'check', index }, trial)).reason

describe('a judging thread', () => {
  it('is told of a subject once, and is the same one for the next judgement', async () => {
    open()
    const [one, other] = [trialOf(1), trialOf(2)]
    await threads.use(never, async (thread) => {
      expect(await make(thread, tell, one)).toBe('opened 1, version 1')
      expect(await make(thread, tell, one)).toBe('opened 1, version 1')
    })
    expect(await threads.use(never, (thread) => make(thread, tell, other))).toBe('opened 2, version 2')
  })
  it('has its questions answered by the sources of its trial, or is told why not', async () => {
    open()
    const asked: string[] = []
    const answering = trialOf(1, never, async (datasetSha256) => {
      asked.push(datasetSha256)
      return examplesOf(new Int32Array(12))
    })
    await threads.use(never, async (thread) => {
      expect(await make(thread, ask, answering)).toBe('12 examples')
      const failing = trialOf(1, never, () => Promise.reject(new Error('the evaluation worker stopped with code 3')))
      await expect(make(thread, ask, failing)).rejects.toThrow('the evaluation worker stopped with code 3')
    })
    expect(asked).toEqual(['d'])
  })
  it('that dies fails its check alone: the next one has another thread', async () => {
    open()
    await threads.use(never, async (thread) => {
      const trial = trialOf(1)
      await expect(make(thread, die, trial)).rejects.toThrow('the judging thread stopped with code 3')
      expect(await make(thread, tell, trial)).toBe('opened 1, version 1')
    })
  })
  it('that runs out of memory does so alone', async () => {
    open()
    await threads.use(never, async (thread) => {
      const trial = trialOf(1)
      await expect(make(thread, takeMemory, trial)).rejects.toThrow(/^the judging thread failed: .*memory/)
      expect(await make(thread, tell, trial)).toBe('opened 1, version 1')
    })
  })
  it('stops at once with the signal’s reason, also in a loop that asks nobody', async () => {
    open()
    const controller = new AbortController()
    const reason = new Error('the server stops')
    await threads.use(never, async (thread) => {
      const trial = trialOf(1, controller.signal)
      await make(thread, tell, trial)
      const looping = make(thread, loop, trial)
      controller.abort(reason)
      await expect(looping).rejects.toBe(reason)
      await expect(make(thread, tell, trial)).rejects.toBe(reason)
    })
    expect(await threads.use(never, (thread) => make(thread, tell, trialOf(2)))).toBe('opened 1, version 2')
  })
})

describe('judging threads', () => {
  it('are as many as are given; who comes then waits for a turn, first come first', async () => {
    open(2)
    const begun: number[] = []
    const ends: (() => void)[] = []
    const used = [0, 1, 2, 3].map((n) =>
      threads.use(never, () => {
        begun.push(n)
        return new Promise<void>((resolve) => ends.push(resolve))
      }),
    )
    await Promise.resolve()
    expect(begun).toEqual([0, 1])
    ends[1]!()
    await used[1]
    expect(begun).toEqual([0, 1, 2])
    for (const end of ends) end()
    await used[2]
    ends[3]!()
    await Promise.all(used)
    expect(begun).toEqual([0, 1, 2, 3])
  })
  it('are nobody’s while he waits: who is stopped then leaves the queue', async () => {
    open()
    let end = (): void => undefined
    const first = threads.use(never, () => new Promise<void>((resolve) => (end = resolve)))
    const controller = new AbortController()
    const second = threads.use(controller.signal, async () => 'second')
    const third = threads.use(never, async () => 'third')
    const reason = new Error('too late')
    controller.abort(reason)
    await expect(second).rejects.toBe(reason)
    end()
    await first
    expect(await third).toBe('third')
  })
  it('keep nobody from a turn when a judgement fails', async () => {
    open()
    await expect(threads.use(never, () => Promise.reject(new Error('it fails')))).rejects.toThrow('it fails')
    expect(await threads.use(never, async () => 'next')).toBe('next')
  })
  it('end with what they are at when they are closed, and begin nothing any more', async () => {
    open()
    const atWork = threads.use(never, async (thread) => {
      const trial = trialOf(1)
      await make(thread, tell, trial)
      const hanging = make(thread, hang, trial)
      const waiting = threads.use(never, async () => undefined)
      const refused = expect(waiting).rejects.toThrow('closed')
      await threads.close()
      await refused
      await expect(hanging).rejects.toThrow('the judging thread stopped')
      return make(thread, tell, trial)
    })
    await expect(atWork).rejects.toThrow('ended')
    await expect(threads.use(never, async () => undefined)).rejects.toThrow('closed')
  })
})
