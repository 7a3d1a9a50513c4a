import { describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { meter } from '../../../../simulations/src/experiment/meter.ts'

describe('what a run has used', () => {
  it('is none of what the process has used before it, as in a sweep, but for the most memory', async () => {
    const clock = virtualClock()
    const process = { cpuMs: 5000, peakMemoryBytes: 700 }
    const used = meter(clock, undefined, () => process)
    expect(used()).toEqual({ wallMs: 0, cpuMs: 0, peakMemoryBytes: 700 })
    await clock.advance(200)
    Object.assign(process, { cpuMs: 5300, peakMemoryBytes: 800 })
    expect(used()).toEqual({ wallMs: 200, cpuMs: 300, peakMemoryBytes: 800 })
  })

  it('is also what earlier starts of the run have used', async () => {
    const clock = virtualClock()
    const process = { cpuMs: 40, peakMemoryBytes: 700 }
    const used = meter(clock, { wallMs: 1000, cpuMs: 2000, peakMemoryBytes: 900 }, () => process)
    await clock.advance(50)
    process.cpuMs = 100
    expect(used()).toEqual({ wallMs: 1050, cpuMs: 2060, peakMemoryBytes: 900 })
  })
})
