import { beforeEach, describe, expect, it } from '@jest/globals'
import { acceptedUpdates, SqlUpdateLog } from '../../../../server/src/registry/updates.ts'
import { acceptedUpdate, collected, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
let log: SqlUpdateLog
beforeEach(async () => {
  await store.registry.createTask(twoParamTask(), Float32Array.of(0, 0), 'ada')
  collected(store)
  log = new SqlUpdateLog(store.db)
})

describe('SqlUpdateLog', () => {
  it('gives back what was recorded, over a restart, with and without what a device may leave out', async () => {
    const bare = acceptedUpdate('digits', 1, 'd_c', 4)
    const full = { ...acceptedUpdate('digits', 1, 'd_d', 5), trainMs: 1.5, lossBefore: 2.25, lossAfter: 0 }
    log.recordUpdates([full, bare])
    await store.reopen()
    log = new SqlUpdateLog(store.db)
    expect(log.update('digits', 1, 'd_c')).toEqual(bare)
    expect(log.update('digits', 1, 'd_d')).toEqual(full)
    expect(log.update('digits', 2, 'd_c')).toBeUndefined()
  })

  it('sorts by device id, and knows the accepted from the refused', () => {
    log.recordUpdates([{ ...acceptedUpdate('digits', 1, 'd_0', 1), verdict: 'non-finite' }])
    expect(log.updatesOf('digits', 1).map(({ deviceId }) => deviceId)).toEqual(['d_0', 'd_a', 'd_b'])
    expect(acceptedUpdates(log, 'digits', 1).map(({ deviceId }) => deviceId)).toEqual(['d_a', 'd_b'])
  })

  it('[R25] files what counts in a later round under that one, and finds it by the one that was asked', () => {
    const stale = { ...acceptedUpdate('digits', 1, 'd_0', 1), countedRound: 3 }
    log.recordUpdates([stale])
    expect(log.update('digits', 1, 'd_0')).toEqual(stale)
    expect(log.updatesOf('digits', 1).map(({ deviceId }) => deviceId)).toEqual(['d_a', 'd_b'])
    expect(log.updatesOf('digits', 3)).toEqual([stale])
  })

  it('refuses an update of a round that was never opened', () => {
    expect(() => log.recordUpdates([acceptedUpdate('digits', 7, 'd_a', 1)])).toThrow('FOREIGN KEY')
  })

  it('remembers the last round each device was asked in', () => {
    log.markSelected('digits', ['d_a', 'd_b'], 1)
    log.markSelected('digits', ['d_b'], 2)
    expect(log.lastRounds('digits')).toEqual(
      new Map([
        ['d_a', 1],
        ['d_b', 2],
      ]),
    )
  })
})
