import { afterAll, describe, expect, it } from '@jest/globals'
import { makeRng, virtualClock, type Params } from '@panal/client-core'
import type { EvaluationRequest, GateSubject, Predictions, GateCheckSpec } from '@panal/server'
import { makeGate } from '../../../../server/src/gate/gate.ts'
import { makeJudgeThreads } from '../../../../server/src/gate/judge-threads.ts'
import {
  examplesOf,
  gateDocument,
  modelAnswers,
  predictions,
  shiftedAnswers,
} from '../../../fixtures/gate-evaluation.ts'

const never = new AbortController().signal
const sha = (version: number): string => version.toString(16).padStart(64, '0')
const champion = modelAnswers(1000, makeRng(5))
const shared = makeJudgeThreads()
afterAll(() => shared.close())

/** Version → its answers on every set. 0 guesses, 1 is the champion, 2 a little better, 3 much worse, 4 broken, 5 fails. */
const answers: Readonly<Record<number, Predictions>> = {
  0: predictions(new Array<number>(1000).fill(0.5)),
  1: predictions(champion),
  2: predictions(shiftedAnswers(champion, -0.02, 0.02, makeRng(6))),
  3: predictions(shiftedAnswers(champion, 0.3, 0.02, makeRng(6))),
  4: predictions(new Array<number>(1000).fill(NaN)),
}
const floor = (min: number): GateCheckSpec => ({ name: 'floor', metric: 'accuracy', min })
const noRegression: GateCheckSpec = { name: 'no-regression', against: 'champion', margin: 0.02 }

/** A gate over these models; params are [version]. `ran` lists what the evaluator was asked. */
function open({ numFailures = Infinity, threads = shared } = {}) {
  const ran: string[] = []
  let failed = 0
  const clock = virtualClock({ startAt: 1000 })
  const gate = makeGate({
    clock,
    threads,
    loadParams: (_taskId, { version }) =>
      Promise.resolve(version === 4 ? Float32Array.of(NaN) : Float32Array.of(version)),
    evaluator: {
      predict: async ({ params, datasetSha256 }: EvaluationRequest, signal) => {
        const version = params[0] ?? NaN
        ran.push(`${version} on ${datasetSha256.charAt(0)}`)
        signal.throwIfAborted()
        if (version === 5 && failed++ < numFailures) throw new Error('the evaluation worker stopped with code 3')
        return Promise.resolve(answers[version === 5 ? 2 : version] ?? predictions([]))
      },
      predictVaried: () => Promise.reject(new Error('no check varies anything')),
      describe: ({ datasetSha256 }) => Promise.resolve({ ...examplesOf(answers[1]!.labels), datasetSha256 }),
      baseline: ({ baseline }) => {
        ran.push(baseline.kind)
        return Promise.resolve({ ...answers[0]!, areProbabilities: true })
      },
      close: () => Promise.resolve(),
    },
  })
  return { gate, ran, clock }
}

const ref = (version: number) => ({ version, weightsSha256: sha(version) })
const subject = (candidate: number, checks: readonly GateCheckSpec[], first = false): GateSubject => ({
  document: gateDocument(checks),
  candidate: ref(candidate),
  base: ref(0),
  champion: first ? null : ref(1),
  anchor: first ? null : ref(1),
})

describe('the gate', () => {
  it('reports every check in order, metrics on both sets, digests and verdict', async () => {
    const { gate } = open()
    const report = await gate.judge(subject(2, [noRegression, floor(0.7)]), never)
    expect(report).toMatchObject({
      taskId: 'toy',
      version: 2,
      champion: 1,
      anchor: 1,
      verdict: 'PASS',
      sound: true,
      datasetDigests: { evaluation: 'e'.repeat(64), gate: 'd'.repeat(64) },
      judgedAt: 1000,
      durationMs: 0,
    })
    expect(report.checks.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['integrity', 'PASS'],
      ['no-regression', 'PASS'],
      ['floor', 'PASS'],
    ])
    expect(report.gate).toMatchObject({ numExamples: 1000 })
    expect(report.gate?.logLoss).toBeLessThan(0.5)
  })
  it('blocks a much worse model and still lets it be head: it is sound', async () => {
    const { gate } = open()
    const report = await gate.judge(subject(3, [noRegression, floor(0.1)]), never)
    expect(report).toMatchObject({ verdict: 'BLOCK', sound: true })
    expect(report.checks).toHaveLength(3)
  })
  it('stops at integrity: a broken model is not sound, is compared with nothing, and has no metrics', async () => {
    const { gate, ran } = open()
    const report = await gate.judge(subject(4, [noRegression]), never)
    expect(report).toMatchObject({ verdict: 'BLOCK', sound: false, evaluation: null, gate: null })
    expect(report.checks.map(({ check }) => check)).toEqual(['integrity'])
    // Its own answers, for metrics that then are none; neither base nor champion is run.
    expect(ran.sort()).toEqual(['NaN on d', 'NaN on e'])
  })
  it('makes ERROR of a failing evaluator, and holds: not sound, not rejected', async () => {
    const { gate, ran } = open()
    const report = await gate.judge(subject(5, [noRegression]), never)
    // Once more than each set: a worker that died of a model gets it a second time to judge, and not for the metrics.
    expect(ran.sort()).toEqual(['5 on d', '5 on e', '5 on e'])
    expect(report).toMatchObject({ verdict: 'ERROR', sound: false, evaluation: null, gate: null })
    expect(report.reason).toBe('integrity: The check could not be made: the evaluation worker stopped with code 3.')
  })
  it('judges a model once more when the evaluator died of something else', async () => {
    const { gate } = open({ numFailures: 1 })
    const report = await gate.judge(subject(5, [noRegression]), never)
    expect(report).toMatchObject({ verdict: 'PASS', sound: true, gate: { numExamples: 1000 } })
  })
  it('makes ERROR of a reference that cannot be run; the candidate stays sound', async () => {
    const { gate } = open()
    const report = await gate.judge({ ...subject(2, [noRegression]), champion: ref(5) }, never)
    expect(report).toMatchObject({ verdict: 'ERROR', sound: true })
  })
  it('promotes a first model on a floor it passes, and no other way', async () => {
    const { gate } = open()
    expect(await gate.judge(subject(1, [noRegression, floor(0.7)], true), never)).toMatchObject({
      verdict: 'PASS',
      champion: null,
    })
    expect((await gate.judge(subject(1, [noRegression], true), never)).verdict).toBe('NOT_ENOUGH_DATA')
    expect((await gate.judge(subject(1, [], true), never)).verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('holds the champion’s own weights as NO_CHANGE', async () => {
    const { gate } = open()
    expect((await gate.judge(subject(1, [noRegression, floor(0.7)]), never)).verdict).toBe('NO_CHANGE')
  })
  it('tells scores on a gate set whose looks are counted in round steps, and others as they are', async () => {
    const { gate } = open()
    const exact = await gate.judge(subject(2, [floor(0.7)]), never)
    const told = await gate.judge(subject(2, [{ name: 'reuse' }, floor(0.7)]), never)
    // 1/√1000 = 0.032, and from there up to 0.05
    const steps = (value: number | undefined) => (value ?? NaN) / 0.05
    expect(steps(told.gate?.accuracy)).toBeCloseTo(Math.round(steps(exact.gate?.accuracy)), 9)
    expect(steps(told.gate?.logLoss)).toBeCloseTo(Math.round(steps(exact.gate?.logLoss)), 9)
    expect(told.gate).not.toEqual(exact.gate)
    expect(told.evaluation).toEqual(exact.evaluation)
  })
  it('rejects with the signal’s reason when it is stopped: a stop is not an error of the model', async () => {
    const { gate } = open()
    const reason = new Error('the server stops')
    await expect(gate.judge(subject(2, [noRegression]), AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('the gate’s threads', () => {
  // In place of checks: the first passes, the second dies, the third loops for ever and asks nobody.
  const workerUrl = new URL('../../../fixtures/judge-stand-in.ts', import.meta.url)
  const checks = [noRegression, floor(0.7)]

  it('that dies in a check makes an ERROR of this one, and dying later costs the scores alone', async () => {
    const own = makeJudgeThreads({ workerUrl })
    const { gate } = open({ threads: own })
    const report = await gate.judge(subject(2, checks.slice(0, 1)), never)
    await own.close()
    expect(report).toMatchObject({ verdict: 'ERROR', sound: true, evaluation: null, gate: null, figures: [] })
    expect(report.checks.map(({ verdict }) => verdict)).toEqual(['PASS', 'ERROR'])
    expect(report.reason).toBe('no-regression: The check could not be made: the judging thread stopped with code 3.')
  })
  it('stops in the middle of a check, with the signal’s reason', async () => {
    const own = makeJudgeThreads({ workerUrl })
    const { gate } = open({ threads: own })
    const controller = new AbortController()
    const reason = new Error('the server stops')
    const told: string[] = []
    const judging = gate.judge(subject(2, checks), controller.signal, (check, numDone, numChecks) => {
      told.push(`${check} ${numDone}/${numChecks}`)
      if (numDone === 2) setImmediate(() => controller.abort(reason))
    })
    await expect(judging).rejects.toBe(reason)
    await own.close()
    expect(told).toEqual(['integrity 0/3', 'no-regression 1/3', 'floor 2/3'])
  })
})

describe('the time of a judgement', () => {
  it('begins when its turn has come, however long it waited for that', async () => {
    const own = makeJudgeThreads({ maxThreads: 1 })
    const { gate, clock } = open({ threads: own })
    let letGo = (): void => undefined
    const before = own.use(never, () => new Promise<void>((resolve) => (letGo = resolve)))
    const judging = gate.judge(subject(2, [floor(0.7)]), never)
    await clock.advance(60_000)
    letGo()
    await before
    expect(await judging).toMatchObject({ judgedAt: 61_000, durationMs: 0 })
    await own.close()
  })
})

describe('the gate’s work and bytes', () => {
  it('runs each model once per set and never again while its answers are kept', async () => {
    const { gate, ran } = open()
    await gate.judge(subject(2, [noRegression, floor(0.7)]), never)
    expect(ran.sort()).toEqual(['0 on e', '1 on d', '2 on d', '2 on e'])
    await gate.judge(subject(3, [noRegression, floor(0.7)]), never)
    expect(ran.slice(4).sort()).toEqual(['3 on d', '3 on e'])
  })
  it('does not run what no check asks for: not the champion for a floor', async () => {
    const { gate, ran } = open()
    await gate.judge(subject(2, [floor(0.7)]), never)
    expect(ran.sort()).toEqual(['0 on e', '2 on d', '2 on e'])
  })
  it('runs a candidate twice for the determinism check, also when its answers are kept', async () => {
    const { gate, ran } = open()
    const checks: GateCheckSpec[] = [{ name: 'determinism' }, floor(0.7)]
    const report = await gate.judge(subject(2, checks), never)
    expect(report.checks[1]).toMatchObject({ check: 'determinism', verdict: 'PASS' })
    expect(ran.sort()).toEqual(['0 on e', '2 on d', '2 on d', '2 on e'])
    await gate.judge(subject(2, checks), never)
    expect(ran.slice(4)).toEqual(['2 on d'])
  })
  it('makes a baseline once for all judgements by the same data', async () => {
    const { gate, ran } = open()
    const checks: GateCheckSpec[] = [{ name: 'baselines' }]
    for (const version of [2, 3]) await gate.judge(subject(version, checks), never)
    expect(ran.filter((each) => each === 'logistic')).toHaveLength(1)
    await gate.judge(subject(2, [{ name: 'baselines', ridge: 2 }]), never)
    expect(ran.filter((each) => each === 'logistic')).toHaveLength(2)
  })
  it('never looks at the calibration set', async () => {
    const { gate, ran } = open()
    await gate.judge(subject(2, [noRegression, floor(0.7)]), never)
    expect(ran.filter((each) => each.endsWith('on c'))).toEqual([])
  })
  it('writes the same bytes for the same input, cache or no cache, and JSON holds all of it', async () => {
    const one = open()
    const other = open()
    await other.gate.judge(subject(3, [noRegression]), never)
    for (const version of [1, 2, 3, 4, 5]) {
      const report = await one.gate.judge(subject(version, [noRegression, floor(0.9)]), never)
      const again = await other.gate.judge(subject(version, [noRegression, floor(0.9)]), never)
      expect(JSON.stringify(again)).toBe(JSON.stringify(report))
      expect(JSON.parse(JSON.stringify(report))).toEqual(report)
    }
  })
})

describe('loading', () => {
  it('reads a candidate’s weights once', async () => {
    const loaded: number[] = []
    const gate = makeGate({
      clock: virtualClock(),
      threads: shared,
      loadParams: (_taskId, { version }): Promise<Params> => {
        loaded.push(version)
        return Promise.resolve(Float32Array.of(version))
      },
      evaluator: {
        predict: ({ params }) => Promise.resolve(answers[params[0] ?? NaN] ?? predictions([])),
        predictVaried: () => Promise.reject(new Error('no check varies anything')),
        describe: () => Promise.reject(new Error('no check asks for them')),
        baseline: () => Promise.reject(new Error('no check asks for it')),
        close: () => Promise.resolve(),
      },
    })
    await gate.judge(subject(2, [noRegression]), never)
    expect(loaded.sort()).toEqual([0, 1, 2])
  })
})
