import { afterAll, describe, expect, it } from '@jest/globals'
import { makeRng, shuffle, virtualClock, type GateReport } from '@panal/client-core'
import type { GateCheckSpec, TaskDocument } from '@panal/server'
import { makeEvaluator } from '../../../../server/src/gate/evaluator.ts'
import { makeGate } from '../../../../server/src/gate/gate.ts'
import { gateDocument } from '../../../fixtures/gate-evaluation.ts'

/** Rows of a table that a logistic regression of `a` is right on most of the time; some repeat, some lack a home. */
function rowsOf(n: number, seed: number): string[] {
  const rng = makeRng(seed)
  return Array.from({ length: n }, (_, i) => {
    const a = Math.round(20 * rng.normal()) / 10
    const home = ['own', 'rent', ''][i % 3]!
    return `${a},${home},${rng.uniform() < 1 / (1 + Math.exp(-2 * a)) ? 'yes' : 'no'}`
  })
}
const file = (rows: readonly string[]): string => ['a,home,label', ...rows].join('\n')
const [evaluation, calibration] = [file(rowsOf(300, 1)), file(rowsOf(50, 2))]
const checks: GateCheckSpec[] = [
  { name: 'integrity' },
  { name: 'determinism' },
  { name: 'power' },
  { name: 'baselines', rule: { column: 'a', op: '>', value: 0, then: 'yes', otherwise: 'no' } },
  { name: 'floor', metric: 'balanced-accuracy', min: 0.5 },
  { name: 'floor', metric: 'macro-f1', min: 0.5 },
  { name: 'floor', metric: 'auc', min: 0.5 },
  { name: 'floor', metric: 'log-loss', max: 0.7 },
  { name: 'floor', metric: 'brier', max: 0.3 },
  { name: 'negative-flips' },
  { name: 'segments' },
  { name: 'masking' },
  ...(['log-loss', 'accuracy', 'auc', 'macro-f1'] as const).map(
    (metric) => ({ name: 'no-regression', against: 'champion', metric }) as const,
  ),
  { name: 'no-regression', against: 'anchor' },
  { name: 'reuse' },
]

const params = [Float32Array.of(0, 1.6, 0, 0.1), Float32Array.of(0, 1.5, 0, 0), Float32Array.of(0, 0.3, 0, 0)]
const stops: (() => Promise<void>)[] = []
afterAll(() => Promise.all(stops.map((stop) => stop())))

/** The report on version 0 against champion 1 and anchor 2, by this gate set. */
async function judge(gate: string): Promise<GateReport> {
  const files: Readonly<Record<string, string>> = { evaluation, calibration, gate }
  const judging = makeGate({
    clock: virtualClock(),
    loadParams: (_, { version }) => Promise.resolve(params[version]!),
    evaluator: makeEvaluator({ readBlob: (sha256) => Promise.resolve(Buffer.from(files[sha256]!)) }),
  })
  stops.push(() => judging.close())
  const document: TaskDocument = {
    ...gateDocument(checks),
    segments: ['home', 'a', 'label'],
    sets: { evaluation: 'evaluation', calibration: 'calibration', gate: 'gate' },
  }
  const ref = (version: number) => ({ version, weightsSha256: version.toString(16).padStart(64, '0') })
  const subject = { document, candidate: ref(0), base: ref(1), champion: ref(1), anchor: ref(2) }
  return judging.judge(subject, new AbortController().signal)
}

describe('the order of a gate set’s rows', () => {
  // Under 200 examples signs are flipped by chance; over them t decides.
  it.each([150, 400])('changes no byte of the report, with %i examples', async (n) => {
    const rows = rowsOf(n, 3)
    const [one, other] = [await judge(file(rows)), await judge(file(shuffle([...rows], makeRng(9))))]
    expect(one.checks.map(({ check, verdict, reason }) => [check, verdict === 'ERROR' ? reason : ''])).toEqual(
      checks.map(({ name }) => [name, '']),
    )
    expect(JSON.stringify(other)).toBe(JSON.stringify(one))
  })
})
