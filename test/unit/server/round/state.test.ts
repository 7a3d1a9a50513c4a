import { describe, expect, it } from '@jest/globals'
import { advance, countStatus, openRound, type Round, type RoundEvent } from '@panal/server'

const opened = (reportingGoal = 2, minimum = 1): Round =>
  openRound({
    taskId: 'digits',
    number: 1,
    baseVersion: 0,
    baseSha256: 'a'.repeat(64),
    planHash: 'b'.repeat(64),
    reportingGoal,
    minimum,
    openedAt: 1_000,
    deadlineAt: 2_000,
    cohort: ['d_a', 'd_b', 'd_c'],
  })

const after = (round: Round, ...events: RoundEvent[]): Round => events.reduce(advance, round)
const accepted = (deviceId: string, at = 1_500): RoundEvent => ({ type: 'accepted', deviceId, at })
const dropped = (deviceId: string, at = 1_500): RoundEvent => ({ type: 'dropped', deviceId, at })

describe('advance', () => {
  it('[R3] closes collection at the reporting goal, not before', () => {
    expect(after(opened(), accepted('d_b')).phase).toBe('collecting')
    const collected = after(opened(), accepted('d_b'), accepted('d_a', 1_600))
    expect(collected).toMatchObject({ phase: 'aggregating', collectedAt: 1_600 })
  })

  it('[R7] keeps the participants sorted, whatever their order of arrival', () => {
    expect(after(opened(), accepted('d_c'), accepted('d_a'))).toMatchObject({ participants: ['d_a', 'd_c'] })
  })

  it('[R3] closes collection when nobody is left to wait for', () => {
    const round = after(opened(3, 1), accepted('d_a'), dropped('d_b'), dropped('d_c'))
    expect(round).toMatchObject({ phase: 'aggregating', participants: ['d_a'] })
  })

  it('[R4] aggregates the minimum at the deadline and abandons fewer', () => {
    const deadline: RoundEvent = { type: 'deadline', at: 2_000 }
    expect(after(opened(3, 1), accepted('d_a'), deadline).phase).toBe('aggregating')
    expect(after(opened(3, 2), accepted('d_a'), deadline)).toMatchObject({
      phase: 'closed',
      outcome: 'abandoned',
      reason: '1 accepted updates; the task needs 2',
    })
  })

  it('[R3] ignores a deadline that has not come', () => {
    const round = opened()
    expect(advance(round, { type: 'deadline', at: 1_999 })).toBe(round)
  })

  it('[R11] counts a device once', () => {
    const once = after(opened(3), accepted('d_a'))
    expect(advance(once, accepted('d_a'))).toBe(once)
  })

  it('[R12] does not count a device whose update was refused', () => {
    const refused = after(opened(1), { type: 'rejected', deviceId: 'd_a', code: 'non-finite', at: 1_500 })
    expect(advance(refused, accepted('d_a'))).toBe(refused)
    expect(countStatus(refused, 'rejected')).toBe(1)
  })

  it('[R8] waits again for a device that came back', () => {
    const back = after(opened(), dropped('d_a'), { type: 'returned', deviceId: 'd_a', at: 1_500 })
    expect(countStatus(back, 'asked')).toBe(3)
  })

  it('[R8] does not wait again for a device that declined', () => {
    const declined = after(opened(), { type: 'declined', deviceId: 'd_a', at: 1_500 })
    expect(advance(declined, { type: 'returned', deviceId: 'd_a', at: 1_600 })).toBe(declined)
  })

  it('[R8] still takes the update of a device that had dropped out', () => {
    expect(countStatus(after(opened(), dropped('d_a'), accepted('d_a')), 'accepted')).toBe(1)
  })

  it('[R5] ignores devices outside the cohort', () => {
    const round = opened()
    expect(advance(round, accepted('d_stranger'))).toBe(round)
  })

  it('[R5] goes collecting, aggregating, gating, closed', () => {
    const gating = after(opened(1), accepted('d_a'), { type: 'aggregated', candidateVersion: 7, at: 1_700 })
    expect(gating).toMatchObject({ phase: 'gating', candidateVersion: 7, aggregatedAt: 1_700 })
    const gated: RoundEvent = { type: 'gated', outcome: 'held', reason: 'too little data', at: 1_800 }
    expect(advance(gating, gated)).toMatchObject({
      phase: 'closed',
      outcome: 'held',
      candidateVersion: 7,
      closedAt: 1_800,
    })
  })

  it('[R6] keeps who was late apart from who dropped out', () => {
    const round = after(opened(1), dropped('d_b'), accepted('d_a'))
    expect([countStatus(round, 'asked'), countStatus(round, 'dropped')]).toEqual([1, 1])
  })
})
