import { describe, expect, it } from '@jest/globals'
import type { SessionEvent, SessionState } from '@panal/client-core'
import { idleView, nextView, type ContributionView } from '../../../../client-web/src/device/contribution-view.ts'
import type { FromWorker } from '../../../../client-web/src/device/worker-messages.ts'
import { receiptOf } from '../../../fixtures/wire.ts'

const after = (messages: readonly FromWorker[], from: ContributionView = idleView): ContributionView =>
  messages.reduce((view, message) => nextView(view, { type: 'from-worker', message }), from)

const event = (each: SessionEvent): FromWorker => ({ type: 'session', event: each })
const state = (each: SessionState): FromWorker => event({ type: 'state', state: each })
const training = (fraction: number, loss: number | null, roundNumber = 1): FromWorker =>
  state({ state: 'training', roundNumber, fraction, loss })

const accepted = event({
  type: 'accepted',
  receipt: receiptOf({
    taskId: 'digits',
    roundNumber: 1,
    deviceId: `d_${'a'.repeat(22)}`,
    sha256: '0'.repeat(64),
    weight: 5,
    norm: 1,
    receivedAt: 0,
  }),
  lossBefore: 2,
  lossAfter: 1,
  trainMs: 10,
  bytesDown: 100,
  bytesUp: 50,
})

describe('nextView', () => {
  it('begins anew for each start', () => {
    const used = after([training(0.5, 1), accepted])
    expect(nextView(used, { type: 'begin', taskId: 'credit' })).toEqual({
      ...idleView,
      phase: 'starting',
      taskId: 'credit',
    })
  })

  it('draws the loss over this session’s rounds', () => {
    const view = after([training(0.5, 2), training(1, 1.5), accepted, training(0.25, 1.2, 9)])
    expect(view.points).toEqual([
      { at: 0.5, loss: 2 },
      { at: 1, loss: 1.5 },
      { at: 1.25, loss: 1.2 },
    ])
  })

  it('goes on to the next stretch of the chart when a round was for nothing', () => {
    const view = after([
      event({ type: 'refused', roundNumber: 1, code: 'round-closed', detail: 'too late' }),
      event({ type: 'withdrawn', roundNumber: 2, code: 'round-closed' }),
      event({ type: 'failed', roundNumber: 3, detail: 'out of memory' }),
      training(0.5, 1, 4),
    ])
    expect(view.points).toEqual([{ at: 3.5, loss: 1 }])
    expect(view.setbacks.map(({ roundNumber }) => roundNumber)).toEqual([1, 3])
  })

  it('draws nothing while the loss is not known', () => {
    expect(after([training(0, null)]).points).toEqual([])
  })

  it('never holds more than 400 points, and keeps the newest', () => {
    const view = after(Array.from({ length: 1000 }, (_, i) => training(i / 1000, i)))
    expect(view.points.length).toBeLessThanOrEqual(400)
    expect(view.points.at(-1)?.loss).toBeGreaterThanOrEqual(998)
  })

  it('adds up updates and bytes', () => {
    expect(after([accepted, accepted])).toMatchObject({ numAccepted: 2, bytesDown: 200, bytesUp: 100 })
  })

  it('ends when the session has left, and when it could not start', () => {
    expect(after([state({ state: 'left', reason: 'asked' })]).phase).toBe('ended')
    expect(after([{ type: 'failed', detail: 'no backend' }])).toMatchObject({ phase: 'ended', failure: 'no backend' })
  })

  it('is not ended by the failure of a single request', () => {
    const running = after([state({ state: 'waiting', nextRoundInMs: null })])
    expect(after([{ type: 'failed', requestId: 3, detail: 'bad file' }], running)).toBe(running)
  })
})
