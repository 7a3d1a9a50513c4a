import { describe, expect, it } from '@jest/globals'
import { simulateDrift, type DriftReport } from '../../../../../server/src/gate/calibrate/drift.ts'
import type { GateCheckSpec } from '@panal/server'
import { recordingOf } from '../../../../fixtures/calibration-recording.ts'

const checks: GateCheckSpec[] = [
  { name: 'integrity' },
  { name: 'no-regression', against: 'champion', margin: 0.1 },
  { name: 'no-regression', against: 'anchor', margin: 0.2 },
]
const { signal } = new AbortController()
const options = { rounds: 25, runs: 2, seed: 1, signal }
const lossAfter = ({ lines }: DriftReport, line: number): number => lines[line]!.points.at(-1)!.logLoss

describe('many small steps down', () => {
  it('go on and on against the champion alone, and the anchor stops them', async () => {
    const found = (await simulateDrift(recordingOf({ checks, numExamples: 2000 }), options))!
    const first = found.lines[0]!.points[0]!
    expect(found.harm).toBeCloseTo(0.3 * 0.1 * first.logLoss, 12)
    expect(found.lines.map(({ points }) => points[0])).toEqual([first, first])
    expect(found.lines.map(({ points }) => points.length)).toEqual([26, 26])
    // 25 steps of 3 % each: by more than half, where nothing stops them.
    expect(lossAfter(found, 0)).toBeGreaterThan(1.4 * first.logLoss)
    expect(found.lines[0]!.numPromoted).toBeGreaterThan(20)
    // Within a margin of 20 % of the anchor, and what one step more is; the gate set is not everyone.
    expect(lossAfter(found, 1)).toBeLessThan(1.3 * first.logLoss)
    expect(found.lines[1]!.numPromoted).toBeLessThan(12)
  }, 30_000)
  it('are the same for the same seed, and others for another', async () => {
    const of = (seed: number) => simulateDrift(recordingOf({ checks }), { ...options, rounds: 4, seed })
    expect(await of(3)).toEqual(await of(3))
    expect(await of(3)).not.toEqual(await of(4))
  })
  it('cannot be simulated of a task that does not compare log loss with the champion', async () => {
    const others: GateCheckSpec[] = [{ name: 'no-regression', against: 'champion', metric: 'accuracy' }]
    expect(await simulateDrift(recordingOf({ checks: others }), options)).toBeNull()
  })
  it('end when they are told to', async () => {
    const stop = new AbortController()
    stop.abort(new Error('stopped'))
    await expect(simulateDrift(recordingOf({ checks }), { ...options, signal: stop.signal })).rejects.toThrow('stopped')
  })
})
