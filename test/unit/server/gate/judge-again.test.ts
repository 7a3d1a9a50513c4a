import { beforeEach, describe, expect, it } from '@jest/globals'
import type { GateReport, Promoted } from '@panal/client-core'
import type { Identity } from '../../../../server/src/auth/identity.ts'
import type { Gate, GateSubject, OnCheck } from '../../../../server/src/gate/contract.ts'
import { JudgeAgain } from '../../../../server/src/gate/judge-again.ts'
import { concluded, report, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const ada: Identity = { kind: 'session', accountId: 'a', credentialId: 'c', name: 'Ada', role: 'operator' }

/** A gate that answers when the test says so. */
class SlowGate implements Gate {
  readonly subjects: GateSubject[] = []
  tell: OnCheck = () => undefined
  answer: (report: GateReport) => void = () => undefined
  fail: (error: Error) => void = () => undefined
  judge(subject: GateSubject, signal: AbortSignal, onCheck?: OnCheck): Promise<GateReport> {
    this.subjects.push(subject)
    this.tell = onCheck ?? this.tell
    return new Promise((resolve, reject) => {
      this.answer = resolve
      this.fail = reject
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    })
  }
  close = () => Promise.resolve()
}

let gate: SlowGate
let told: Promoted[]
let errors: unknown[]
let judging: JudgeAgain
beforeEach(async () => {
  gate = new SlowGate()
  told = []
  errors = []
  await store.registry.createTask(twoParamTask(), Float32Array.of(0, 1), 'ada')
  await concluded(store)
  for (let i = 0; i < 2; i++) await concluded(store, { verdict: 'NOT_ENOUGH_DATA' })
  judging = new JudgeAgain({
    registry: store.registry,
    tasks: { get: () => twoParamTask() },
    gate,
    clock: store.clock,
    onPromoted: (promoted) => told.push(promoted),
    onError: (error) => errors.push(error),
  })
})

/** Lets what has been answered be written: `stop` waits for what is at work. */
const written = () => judging.stop()
const refusal = (code: string) => expect.objectContaining({ code }) as unknown as Error

describe('judging again', () => {
  it('asks the gate with champion, anchor and looks of now, and the base that it was trained from', () => {
    judging.start('digits', 3, ada)
    expect(gate.subjects).toMatchObject([
      {
        candidate: { version: 3 },
        base: { version: 2 },
        champion: { version: 1 },
        anchor: { version: 1 },
        looks: { numLooks: 3 },
      },
    ])
  })

  it('tells how far it is, to whoever asks after this version', () => {
    judging.start('digits', 2, ada)
    expect(judging.current('digits', 2)).toMatchObject({ askedBy: 'Ada', check: null, numDone: 0 })
    gate.tell('floor', 3, 7)
    expect(judging.current('digits', 2)).toMatchObject({ check: 'floor', numDone: 3, numChecks: 7 })
    expect(judging.current('digits', 3)).toBeNull()
  })

  it('is one at a time of a task: the same again is the same, another is refused', () => {
    const first = judging.start('digits', 2, ada)
    expect(judging.start('digits', 2, { ...ada, name: 'Bob' })).toEqual(first)
    expect(() => judging.start('digits', 3, ada)).toThrow(refusal('being-judged'))
    expect(gate.subjects).toHaveLength(1)
  })

  it('refuses what was not held, before anything is judged', () => {
    expect(() => judging.start('digits', 1, ada)).toThrow(refusal('not-held'))
    expect(() => judging.start('digits', 9, ada)).toThrow(refusal('unknown-version'))
    expect(gate.subjects).toEqual([])
  })

  it('promotes what passes, in the name of whoever asked, and tells whoever watches', async () => {
    judging.start('digits', 2, ada)
    gate.answer(report(2, 1, { reason: 'enough now' }))
    await written()
    expect(judging.current('digits', 2)).toBeNull()
    expect(store.registry.judgements('digits', 2)[0]).toMatchObject({ actor: 'Ada', outcome: 'promoted' })
    expect(told).toEqual([{ taskId: 'digits', champion: 2, previous: 1, reason: 'enough now' }])
  })

  it('tells nobody of what is held', async () => {
    judging.start('digits', 2, ada)
    gate.answer(report(2, 1, { verdict: 'NOT_ENOUGH_DATA' }))
    await written()
    expect([store.registry.pointers('digits').champion, told]).toEqual([1, []])
  })

  it('leaves nothing behind when the server stops meanwhile, and then begins none', async () => {
    judging.start('digits', 2, ada)
    await judging.stop()
    expect(store.registry.judgements('digits', 2)).toHaveLength(1)
    expect(store.registry.looks('3'.repeat(64))).toHaveLength(3)
    expect(() => judging.start('digits', 2, ada)).toThrow(refusal('draining'))
    expect(errors).toEqual([])
  })

  it('that fails says so until it is tried again, and no more than a stranger may know', async () => {
    judging.start('digits', 2, ada)
    const failed = new Error('disk on fire in /secret')
    gate.fail(failed)
    while (judging.current('digits', 2)?.failure === undefined) await Promise.resolve()
    expect(judging.current('digits', 2)?.failure).toEqual({
      code: 'internal',
      detail: 'the server failed; nothing was written',
    })
    expect(errors).toEqual([failed])
    expect(judging.start('digits', 3, ada)).toMatchObject({ version: 3 })
    expect(judging.current('digits', 2)).toBeNull()
  })
})
