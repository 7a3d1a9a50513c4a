import { describe, expect, it } from '@jest/globals'
import type { RoundSummary } from '@panal/client-core'
import { sayRound } from '../../../../client-web/src/components/say-round.ts'

const round: RoundSummary = {
  taskId: 'digits',
  number: 3,
  phase: 'collecting',
  baseVersion: 2,
  openedAt: 0,
  deadlineAt: 60_000,
  numInvited: 11,
  numAccepted: 4,
  numRejected: 0,
  numDropped: 0,
  numLate: 0,
  reportingGoal: 10,
  bytesDown: 0,
  bytesUp: 0,
}

describe('sayRound', () => {
  it('says how far a round is', () => {
    expect(sayRound(null)).toContain('first round')
    expect(sayRound(round)).toBe('4 of 10 updates are in.')
    expect(sayRound({ ...round, phase: 'aggregating' })).toContain('Averaging 4 updates')
    expect(sayRound({ ...round, phase: 'gating' })).toBe(
      'The new model is being examined before anybody is served by it.',
    )
    const judging = { check: 'robustness', numDone: 13, numChecks: 16 }
    expect(sayRound({ ...round, phase: 'gating', judging })).toMatch(/: robustness, 14 of 16 checks\.$/)
  })

  it('says what became of it', () => {
    const closed = { ...round, phase: 'closed', candidateVersion: 3 } as const
    expect(sayRound({ ...closed, outcome: 'promoted' })).toContain('Model 3 passed')
    expect(sayRound({ ...closed, outcome: 'held' })).toContain('not served')
    expect(sayRound({ ...closed, outcome: 'rejected' })).toContain('failed its examination')
    expect(sayRound({ ...round, phase: 'closed', outcome: 'abandoned', reason: 'too few updates' })).toContain(
      'too few updates',
    )
  })
})
