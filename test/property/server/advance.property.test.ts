import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { advance, countStatus, openRound, statusOf, type Round, type RoundEvent } from '@panal/server'

const cohort = ['d_a', 'd_b', 'd_c', 'd_d']
const deviceId = fc.constantFrom(...cohort, 'd_stranger')
const at = fc.integer({ min: 0, max: 3_000 })
const event: fc.Arbitrary<RoundEvent> = fc.oneof(
  fc.record({
    type: fc.constantFrom('accepted' as const, 'dropped' as const, 'returned' as const, 'declined' as const),
    deviceId,
    at,
  }),
  fc.record({ type: fc.constant('rejected' as const), deviceId, code: fc.constant('non-finite' as const), at }),
  fc.record({ type: fc.constant('deadline' as const), at }),
  fc.record({ type: fc.constant('aggregated' as const), candidateVersion: fc.nat(), at }),
  fc.record({
    type: fc.constant('gated' as const),
    outcome: fc.constantFrom('promoted' as const, 'held' as const, 'rejected' as const),
    reason: fc.string(),
    at,
  }),
  fc.record({ type: fc.constant('abandoned' as const), reason: fc.string(), at }),
)
const start = fc
  .record({ reportingGoal: fc.integer({ min: 1, max: 4 }), minimum: fc.integer({ min: 1, max: 4 }) })
  .map(({ reportingGoal, minimum }): Round =>
    openRound({
      taskId: 't',
      number: 1,
      baseVersion: 0,
      baseSha256: '',
      planHash: '',
      reportingGoal,
      minimum: Math.min(minimum, reportingGoal),
      openedAt: 0,
      deadlineAt: 2_000,
      cohort,
    }),
  )
const order = { collecting: 0, aggregating: 1, gating: 2, closed: 3 }
const history = fc.tuple(start, fc.array(event, { maxLength: 60 })).map(([round, events]) => {
  const states = [round]
  for (const each of events) states.push(advance(states.at(-1)!, each))
  return states
})

describe('advance, whatever arrives', () => {
  it('[R5] never leaves closed', () => {
    fc.assert(
      fc.property(history, (states) => {
        const end = states.findIndex((state) => state.phase === 'closed')
        if (end >= 0) for (const state of states.slice(end)) expect(state).toBe(states[end])
      }),
      { numRuns: 500, seed: 1 },
    )
  })

  it('[R5] never goes back a phase', () => {
    fc.assert(
      fc.property(history, (states) => {
        states
          .slice(1)
          .forEach((state, i) => expect(order[state.phase]).toBeGreaterThanOrEqual(order[states[i]!.phase]))
      }),
      { numRuns: 500, seed: 2 },
    )
  })

  it('[R7] fixes the participants: accepted, sorted, at least the minimum, and the same to the end', () => {
    fc.assert(
      fc.property(history, (states) => {
        const first = states.find((state) => state.phase === 'aggregating')
        if (first?.phase !== 'aggregating') return
        expect(first.participants).toEqual([...first.participants].sort())
        expect(first.participants).toHaveLength(countStatus(first, 'accepted'))
        expect(first.participants.length).toBeGreaterThanOrEqual(first.minimum)
        const last = states.at(-1)!
        if (last.phase !== 'collecting') expect(last.participants).toEqual(first.participants)
      }),
      { numRuns: 500, seed: 3 },
    )
  })

  it('has one status for each device of the cohort, none for others, and counts them right', () => {
    fc.assert(
      fc.property(history, (states) => {
        for (const state of states) {
          const found = cohort.map((deviceId) => statusOf(state, deviceId))
          for (const status of ['asked', 'accepted', 'rejected', 'dropped', 'declined'] as const)
            expect(countStatus(state, status)).toBe(found.filter((each) => each === status).length)
          expect(found).not.toContain(undefined)
          expect(['', 'd_', 'd_aa', 'd_stranger'].map((deviceId) => statusOf(state, deviceId))).toEqual(
            new Array(4).fill(undefined),
          )
        }
      }),
      { numRuns: 500, seed: 5 },
    )
  })

  it('changes the status of no device but the one that an event is of', () => {
    fc.assert(
      fc.property(history, event, (states, next) => {
        const before = states.at(-1)!
        const after = advance(before, next)
        const changed = cohort.filter((deviceId) => statusOf(after, deviceId) !== statusOf(before, deviceId))
        expect(changed.every((deviceId) => 'deviceId' in next && next.deviceId === deviceId)).toBe(true)
      }),
      { numRuns: 500, seed: 6 },
    )
  })

  it('is data that JSON keeps whole', () => {
    fc.assert(
      fc.property(history, (states) => {
        for (const state of states) expect(JSON.parse(JSON.stringify(state))).toEqual(state)
      }),
      { numRuns: 100, seed: 7 },
    )
  })

  it('[R3] never has more participants than the reporting goal', () => {
    fc.assert(
      fc.property(history, (states) => {
        for (const state of states) expect(countStatus(state, 'accepted')).toBeLessThanOrEqual(state.reportingGoal)
      }),
      { numRuns: 500, seed: 4 },
    )
  })
})
