import { describe, expect, it } from '@jest/globals'
import { advance, carriedOver, openRound, originOf, type Round, type RoundEvent, type RoundPlan } from '@panal/server'
import { heldTo, lastChance, newlyAsked, numForNext, type Standing } from '../../../../server/src/round/carried.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

const deadlineMs = 1_000
const minIntervalMs = 10
const { cohort, rounds } = digitsLike({
  cohort: { size: 5, overSelection: 1, reportingGoal: 2, minimum: 1, deadlineMs, maxStaleness: 2 },
  rounds: { minIntervalMs },
})
const terms = { cohort, rounds }

const plan: RoundPlan = {
  taskId: 'digits',
  number: 4,
  baseVersion: 3,
  baseSha256: '3'.repeat(64),
  planHash: 'b'.repeat(64),
  reportingGoal: 2,
  minimum: 1,
  openedAt: 50_000,
  deadlineAt: 50_000 + deadlineMs,
  cohort: ['d_a', 'd_b', 'd_c', 'd_d', 'd_e', 'd_f'],
  carried: [
    { roundNumber: 2, baseVersion: 1, baseSha256: '1'.repeat(64), openedAt: 49_000, deviceIds: ['d_b', 'd_e'] },
    { roundNumber: 3, baseVersion: 2, baseSha256: '2'.repeat(64), openedAt: 49_500, deviceIds: ['d_c'] },
  ],
}
const own = { roundNumber: 4, baseVersion: 3, baseSha256: plan.baseSha256, openedAt: 50_000 }
const after = (...events: RoundEvent[]): Round => events.reduce<Round>(advance, openRound(plan))
const at = 50_100
const accepted = (deviceId: string): RoundEvent => ({ type: 'accepted', deviceId, at })
/** Two updates, one of them stale, end collection: d_a, d_c, d_d and d_f are new or go on. */
const collected = after({ type: 'dropped', deviceId: 'd_d', at }, accepted('d_b'), accepted('d_f'))
const closed = advance(collected, { type: 'abandoned', reason: 'a test', at: 50_200 })

const presence = (available: readonly string[]) => ({
  numAvailable: available.length,
  isAvailable: (deviceId: string) => available.includes(deviceId),
})

describe('[R25] devices that go on', () => {
  it('each works from what it was asked with', () => {
    expect(originOf(plan, 'd_a')).toEqual(own)
    expect(originOf(plan, 'd_e')).toMatchObject({ roundNumber: 2, baseVersion: 1 })
    expect(originOf(plan, 'd_c')).toMatchObject({ roundNumber: 3, baseVersion: 2 })
    expect(originOf(plan, 'd_x')).toBeUndefined()
    expect(newlyAsked(plan)).toEqual(['d_a', 'd_d', 'd_f'])
  })

  it('are those that were still waited for and are not too stale, those that were lost among them', () => {
    expect(carriedOver(closed, 50_300, terms)).toEqual({
      carried: [plan.carried![1], { ...own, deviceIds: ['d_a', 'd_d'] }], // d_e, of round 2, would count in round 5
      dropped: ['d_d'],
      numWorking: 2,
    })
  })

  it('are as they stand now: not those that were released, and those that left are lost until they come back', () => {
    const standings = new Map<string, Standing>([
      ['d_a', 'gone'],
      ['d_c', 'released'],
      ['d_d', 'working'],
    ])
    const standing = (deviceId: string) => standings.get(deviceId)!
    const over = carriedOver(closed, 50_300, terms, standing)
    expect(over).toEqual({ carried: [{ ...own, deviceIds: ['d_a', 'd_d'] }], dropped: ['d_a'], numWorking: 1 })
    const numBeside = (available: string[]) => numForNext(closed, 50_300, terms, { ...presence(available), standing })
    expect(numBeside(['d_x'])).toBe(2) // and d_d
    expect(numBeside(['d_c', 'd_d', 'd_x'])).toBe(3) // each once
  })

  it('are counted beside those that may be asked, and the cohort is looked at once for all who come', () => {
    let numLooks = 0
    const last: Round = {
      ...closed,
      get cohort() {
        numLooks += 1
        return plan.cohort
      },
    }
    const count = (available: string[], at = 50_300) =>
      numForNext(last, at, terms, { ...presence(available), standing: () => 'working' })
    expect(count(['d_x'])).toBe(4) // with d_a, d_c and d_d
    const numAtFirst = numLooks
    expect(numAtFirst).toBeGreaterThan(0)
    expect(count(['d_a', 'd_x', 'd_y'])).toBe(5)
    expect(count(['d_x'], lastChance(own, terms))).toBe(1)
    expect(numLooks).toBe(numAtFirst)
  })

  it('go on for as long as they can count until the deadline of the next round', () => {
    const until = lastChance(own, terms)
    expect(until).toBe(50_000 + 1_000 + 2 * (2 * 1_000 + 10)) // its deadline; two more, two pauses, as long for the server
    expect(carriedOver(closed, until - deadlineMs, terms).carried).toEqual([{ ...own, deviceIds: ['d_a', 'd_d'] }])
    expect(carriedOver(closed, until - deadlineMs + 1, terms).carried).toEqual([])
  })

  it('are none after the last round of a task, and none where every update is to be fresh', () => {
    expect(carriedOver(closed, at, { cohort, rounds: { minIntervalMs, max: 4 } }).carried).toEqual([])
    expect(carriedOver(closed, at, { cohort: { ...cohort, maxStaleness: 0 }, rounds }).carried).toEqual([])
  })

  it('are held to their assignment between two rounds as well', () => {
    expect(heldTo(openRound(plan), 'd_c', terms, at)).toMatchObject({ roundNumber: 3 })
    for (const between of [collected, closed]) {
      expect(heldTo(between, 'd_a', terms, at)).toEqual(own)
      expect(heldTo(between, 'd_c', terms, at)).toMatchObject({ roundNumber: 3 })
      expect(heldTo(between, 'd_d', terms, at)).toEqual(own) // may come back
      for (const free of ['d_b', 'd_e', 'd_f', 'd_x']) expect(heldTo(between, free, terms, at)).toBeNull()
    }
  })
})
