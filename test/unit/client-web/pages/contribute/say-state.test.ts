import { describe, expect, it } from '@jest/globals'
import { idleView } from '../../../../../client-web/src/device/contribution-view.ts'
import { sayState } from '../../../../../client-web/src/pages/contribute/say-state.ts'

const say = (session: NonNullable<(typeof idleView)['session']>) => sayState({ ...idleView, session })

describe('sayState', () => {
  it('shows progress only where it can be measured', () => {
    expect(say({ state: 'training', roundNumber: 4, fraction: 0.426, loss: 1 })).toEqual({
      title: 'Training on this device',
      detail: 'Round 4, 43 %',
      fraction: 0.426,
    })
    expect(say({ state: 'waiting', nextRoundInMs: null }).fraction).toBeNull()
  })

  it('says when the next round is expected, where the server told', () => {
    expect(say({ state: 'waiting', nextRoundInMs: 4200 }).detail).toContain('about 4.2 s')
  })

  it('tells leaving apart from being sent away', () => {
    expect(say({ state: 'left', reason: 'asked' }).title).toBe('You left')
    const refused = say({ state: 'left', reason: 'refused', code: 'superseded', detail: 'another tab took over' })
    expect(refused.title).toBe('The server ended it')
    expect(refused.detail).toBe('another tab took over')
  })

  it('tells why it could not start', () => {
    expect(sayState({ ...idleView, failure: 'wasm: not here' }).detail).toBe('wasm: not here')
  })
})
