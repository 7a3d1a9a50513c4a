import { describe, expect, it } from '@jest/globals'
import { makeRng, virtualClock, type GateReport } from '@panal/client-core'
import type { Static } from 'typebox'
import { makeGate } from '../../../../server/src/gate/gate.ts'
import type { GateReportSchema } from '../../../../server/src/gate/report-schema.ts'
import { reportErrors } from '../../../fixtures/report-errors.ts'
import { examplesOf, gateDocument, modelAnswers, predictions } from '../../../fixtures/gate-evaluation.ts'

/** What JSON makes of a type: nothing in it is read-only, and tuples are tuples. */
type Json<T> = T extends readonly unknown[]
  ? { -readonly [Key in keyof T]: Json<T[Key]> }
  : T extends object
    ? { -readonly [Key in keyof T]: Json<T[Key]> }
    : T
/** Identity and not assignability, which forgives an optional key that only one of the two has. */
type Same<A, B> = (<T>(of: T) => T extends A ? 1 : 2) extends <T>(of: T) => T extends B ? 1 : 2 ? true : false
type Published = Json<Static<typeof GateReportSchema>>
/** Recorded predictions are judged without a clock. */
type Reported = Json<Omit<GateReport, 'judgedAt' | 'durationMs'> & Partial<Pick<GateReport, 'judgedAt' | 'durationMs'>>>

async function liveReport(): Promise<GateReport> {
  const answers = predictions(modelAnswers(300, makeRng(1)))
  const gate = makeGate({
    clock: virtualClock({ startAt: 5000 }),
    loadParams: async () => Float32Array.of(1),
    evaluator: {
      predict: async () => answers,
      predictVaried: () => Promise.reject(new Error('not asked for')),
      describe: async ({ datasetSha256 }) => ({ ...examplesOf(answers.labels), datasetSha256 }),
      baseline: async () => ({ ...answers, areProbabilities: true }),
      close: async () => undefined,
    },
  })
  const model = (version: number) => ({ version, weightsSha256: String(version).repeat(64) })
  const document = gateDocument([{ name: 'pin' }, { name: 'no-regression', against: 'anchor' }, { name: 'reuse' }])
  const subject = { document, candidate: model(3), base: model(2), champion: model(2), anchor: model(1) }
  return gate.judge(subject, new AbortController().signal).finally(() => gate.close())
}

describe('the published schema of a report', () => {
  it('is the type of a report, in both directions', () => {
    const isSame: Same<Published, Reported> = true
    expect(isSame).toBe(true)
  })
  it('holds of a live report', async () => {
    const report = await liveReport()
    expect(report.checks.map(({ check }) => check)).toEqual(['integrity', 'pin', 'no-regression', 'reuse'])
    expect(reportErrors(JSON.parse(JSON.stringify(report)))).toEqual([])
  })
  it.each([
    ['an unknown key', (report: Published) => ({ ...report, extra: 1 }), '/extra'],
    ['a verdict that there is none of', (report: Published) => ({ ...report, verdict: 'GOOD' }), '/verdict'],
    ['a null where a number would be', (report: Published) => ({ ...report, durationMs: null }), '/durationMs'],
    [
      'a row without a verdict',
      (report: Published) => ({
        ...report,
        checks: [{ check: 'pin', verdict: 'PASS', reason: 'x', rows: [{ metric: 'm', reason: 'x' }] }],
      }),
      '/checks/0/rows/0/verdict',
    ],
  ])('does not hold with %s', async (_, change, path) => {
    const report = JSON.parse(JSON.stringify(await liveReport())) as Published
    expect(reportErrors(change(report)).map((error) => error.path)).toContain(path)
  })
})
