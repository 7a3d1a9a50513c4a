import { describe, expect, it } from '@jest/globals'
import { maxTrainMs, UpdateHeader } from '@panal/client-core'
import { Value } from 'typebox/value'

const header = { codec: 'f32', bytes: 4, baseVersion: 0, numExamples: 1, numSteps: 1 }

describe('UpdateHeader', () => {
  it('takes no training time that could overflow a sum: one device would spoil the summary for all', () => {
    expect(Value.Check(UpdateHeader, { ...header, trainMs: maxTrainMs })).toBe(true)
    expect(Value.Check(UpdateHeader, { ...header, trainMs: 1e308 })).toBe(false)
    expect(Value.Check(UpdateHeader, { ...header, trainMs: -1 })).toBe(false)
  })
})
