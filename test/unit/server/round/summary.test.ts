import { describe, expect, it } from '@jest/globals'
import { RoundSummary } from '@panal/client-core'
import { Value } from 'typebox/value'
import { emptyTally, summarise } from '../../../../server/src/round/summary.ts'
import { advance, openRound, type Round, type RoundEvent } from '../../../../server/src/round/state.ts'

describe('summarise', () => {
  it('is what every device takes, even if the clock of the server is set back in the middle of a round', () => {
    const opened = openRound({
      taskId: 'digits',
      number: 1,
      baseVersion: 0,
      baseSha256: 'a'.repeat(64),
      planHash: 'b'.repeat(64),
      reportingGoal: 1,
      minimum: 1,
      openedAt: 9_000,
      deadlineAt: 10_000,
      cohort: ['d_a'],
    })
    const events: RoundEvent[] = [
      { type: 'accepted', deviceId: 'd_a', at: 8_000 },
      { type: 'aggregated', candidateVersion: 1, at: 7_000 },
      { type: 'gated', outcome: 'held', reason: 'no better', at: 6_000 },
    ]
    const summary = summarise(events.reduce<Round>(advance, opened), emptyTally())
    expect(summary).toMatchObject({ collectMs: 0, aggregateMs: 0, gateMs: 0 })
    expect(Value.Check(RoundSummary, summary)).toBe(true)
  })
})
