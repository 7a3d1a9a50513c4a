import { beforeEach, describe, expect, it } from '@jest/globals'
import { makeLayout, type Calibrator } from '@panal/client-core'
import { gateSubject } from '../../../../server/src/registry/gate-subject.ts'
import { concluded, proposed, report, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
beforeEach(() => store.registry.createTask(twoParamTask(), Float32Array.of(0, 1), 'ada'))

const calibrator: Calibrator = { method: 'isotonic', curves: [{ x: [0, 1], y: [0.2, 0.8] }] }
const layer = { class_name: 'Dense', config: { name: 'out', units: 1, activation: 'sigmoid' } }
const task = {
  ...twoParamTask(),
  topology: { class_name: 'Sequential', config: { name: 's', layers: [layer] } },
  layout: makeLayout([
    { name: 'out/kernel', shape: [1, 1] },
    { name: 'out/bias', shape: [1] },
  ]),
}

describe('what a version is judged against', () => {
  it('champion and anchor as they were promoted; the candidate and its base have yet to get a calibrator', async () => {
    const fitted = { check: 'calibration', verdict: 'PASS', reason: 'Fitted.', rows: [], calibrator } as const
    const round = await proposed(store, Float32Array.of(4, 2))
    await store.registry.conclude(round, report(1, null, { checks: [fitted] }), task)
    await concluded(store)
    const subject = gateSubject(task, 2, store.registry)
    expect(subject).toMatchObject({ champion: { version: 2 }, anchor: { version: 1, calibrator } })
    expect(subject.champion).toHaveProperty('calibrator', null)
    for (const model of [subject.candidate, subject.base]) expect(model).not.toHaveProperty('calibrator')
  })
  it('nothing, of the first', () => {
    expect(gateSubject(task, 0, store.registry)).toMatchObject({ champion: null, anchor: null })
  })
})
