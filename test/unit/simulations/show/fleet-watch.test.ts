import { describe, expect, it } from '@jest/globals'
import type { RoundSummary, SessionEvent } from '@panal/client-core'
import { FleetWatch } from '../../../../simulations/src/show/fleet-watch.ts'

const never = new AbortController().signal

const round = (number: number, phase: RoundSummary['phase']): SessionEvent => ({
  type: 'round',
  round: {
    taskId: 't',
    number,
    phase,
    baseVersion: number - 1,
    openedAt: 0,
    deadlineAt: 1,
    numInvited: 2,
    numAccepted: 0,
    numRejected: 0,
    numDropped: 0,
    numLate: 0,
    reportingGoal: 2,
    bytesDown: 0,
    bytesUp: 0,
  },
})

async function take(rounds: AsyncIterable<RoundSummary>, count: number): Promise<number[]> {
  const taken: number[] = []
  for await (const { number } of rounds) {
    taken.push(number)
    if (taken.length === count) break
  }
  return taken
}

describe('FleetWatch', () => {
  it('tells of each closed round once, however many devices report it', async () => {
    const watch = new FleetWatch()
    watch.observe(0, round(1, 'closed'))
    const taken = take(watch.closedRounds(never), 3)
    for (const device of [0, 1]) for (const number of [1, 2, 3]) watch.observe(device, round(number, 'closed'))
    expect(await taken).toEqual([1, 2, 3])
  })

  it('keeps the furthest phase when a slower device tells of an earlier one', () => {
    const watch = new FleetWatch()
    watch.observe(0, round(1, 'closed'))
    watch.observe(1, round(1, 'gating'))
    expect(watch.view.rounds.map((each) => each.round.phase)).toEqual(['closed'])
  })

  it('counts devices by state', () => {
    const watch = new FleetWatch()
    watch.observe(0, { type: 'state', state: { state: 'paused' } })
    watch.observe(1, { type: 'state', state: { state: 'paused' } })
    watch.observe(1, { type: 'state', state: { state: 'waiting', nextRoundInMs: null } })
    expect(watch.view.devices).toEqual({ paused: 1, waiting: 1 })
  })

  it('ends a wait with the signal', async () => {
    const watch = new FleetWatch()
    const stop = new AbortController()
    const taken = take(watch.closedRounds(stop.signal), 1)
    stop.abort()
    await expect(taken).rejects.toThrow()
  })

  it('passes a failed thread on to whoever waits', async () => {
    const watch = new FleetWatch()
    const taken = take(watch.closedRounds(never), 1)
    watch.fail(new Error('out of memory'))
    await expect(taken).rejects.toThrow('out of memory')
  })
})
