import { describe, expect, it } from '@jest/globals'
import type { Clock, SessionEvent } from '@panal/client-core'
import { calmly } from '../../../../client-web/src/device/calmly.ts'

const training = (fraction: number, roundNumber = 1): SessionEvent => ({
  type: 'state',
  state: { state: 'training', roundNumber, fraction, loss: 1 },
})

/** Tells events at given times; answers which came through. */
function told(events: readonly (readonly [at: number, event: SessionEvent])[]): SessionEvent[] {
  let now = 0
  const clock: Clock = { now: () => now, sleep: () => Promise.reject(new Error('not used')) }
  const through: SessionEvent[] = []
  const tell = calmly(clock, (event) => through.push(event))
  for (const [at, event] of events) {
    now = at
    tell(event)
  }
  return through
}

describe('calmly', () => {
  it('lets progress of one state through every 100 ms', () => {
    const events = Array.from({ length: 50 }, (_, i) => [i * 10, training(i / 100)] as const)
    // at 0, 100, 200, 300 and 400 ms
    expect(told(events)).toEqual([0, 0.1, 0.2, 0.3, 0.4].map((fraction) => training(fraction)))
  })

  it('never holds back the last progress, another round or another state', () => {
    const uploading: SessionEvent = { type: 'state', state: { state: 'uploading', roundNumber: 1, fraction: 0 } }
    const events = [training(0.1), training(1), uploading, training(0.2, 2)]
    expect(told(events.map((event) => [0, event]))).toEqual(events)
  })

  it('never holds back anything that is not progress', () => {
    const event: SessionEvent = { type: 'refused', roundNumber: 1, code: 'busy', detail: '' }
    expect(
      told([
        [0, event],
        [0, event],
      ]),
    ).toEqual([event, event])
  })
})
