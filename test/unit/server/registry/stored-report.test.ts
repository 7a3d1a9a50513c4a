import { expect, it } from '@jest/globals'
import { readReport } from '../../../../server/src/registry/stored-report.ts'
import { report } from '../../../fixtures/registry-rounds.ts'

it('reads a report that has rows as it is', () => {
  const row = { metric: 'accuracy', verdict: 'WARN', reason: 'Perhaps.', n: 3 } as const
  const written = report(3, 1, { checks: [{ check: 'floor', verdict: 'WARN', reason: 'Perhaps.', rows: [row] }] })
  expect(readReport(JSON.stringify(written))).toEqual(written)
})
it('gives a report from before there were rows its one row', () => {
  const written = {
    ...report(3, 1),
    checks: [
      { check: 'integrity', verdict: 'PASS', reason: 'Sound.' },
      {
        check: 'floor',
        verdict: 'WARN',
        reason: 'Perhaps.',
        metric: 'accuracy',
        estimate: 0.5,
        interval: [0.4, 0.6],
        n: 3,
      },
    ],
  }
  expect(readReport(JSON.stringify(written)).checks).toEqual([
    { check: 'integrity', verdict: 'PASS', reason: 'Sound.', rows: [] },
    {
      check: 'floor',
      verdict: 'WARN',
      reason: 'Perhaps.',
      rows: [{ metric: 'accuracy', verdict: 'WARN', reason: 'Perhaps.', estimate: 0.5, interval: [0.4, 0.6], n: 3 }],
    },
  ])
})
