import { describe, expect, it } from '@jest/globals'
import { makeRunner, type RunOutcome } from '../../../../../server/src/gate/calibrate/run.ts'
import type { ScenarioName } from '../../../../../server/src/gate/calibrate/scenarios/registry.ts'
import { recordingOf } from '../../../../fixtures/calibration-recording.ts'

const recording = recordingOf({ like: 0.35 })

async function outcomes(scenario: ScenarioName, setting: number, runs: number): Promise<RunOutcome[]> {
  const runner = makeRunner(recording, 1)
  const found: RunOutcome[] = []
  for (let run = 0; run < runs; run++) found.push(await runner.run(scenario, setting, run))
  return found
}
const blocked = (of: readonly RunOutcome[]): number => of.filter(({ verdict }) => verdict === 'BLOCK').length

describe('runs of the gate', () => {
  it('hardly ever block a model that is as good', async () => {
    // A gate that blocks 5 % of equal models blocks 8 or more of 40 in 7 of 10,000 seeds.
    expect(blocked(await outcomes('exchanged', 0, 40))).toBeLessThan(8)
    expect(blocked(await outcomes('same', 0, 20))).toBe(0)
  }, 30_000)
  it('block more the more was planted, and name check and segment', async () => {
    const [none, two, three] = [
      await outcomes('segment-regression', 0, 30),
      await outcomes('segment-regression', 2, 30),
      await outcomes('segment-regression', 3, 30),
    ]
    expect(blocked(two)).toBeGreaterThan(blocked(none))
    // 15 points in a segment of 240 or 300 of 600 examples.
    expect(blocked(three)).toBeGreaterThan(20)
    expect(new Set(three.map(({ about }) => about))).toEqual(new Set(['home=flat', 'home=house']))
    expect(three.flatMap(({ blockedBy }) => blockedBy)).toContain('segments')
  }, 30_000)
  it('block what is broken outright', async () => {
    expect(blocked(await outcomes('swapped-classes', 0, 5))).toBe(5)
    expect(blocked(await outcomes('stale', 0, 5))).toBe(5)
  })
  it('do not depend on which were made before', async () => {
    const inOrder = await outcomes('segment-regression', 2, 3)
    const runner = makeRunner(recording, 1)
    await runner.run('jittered', 0, 2)
    const last = await runner.run('segment-regression', 2, 2)
    const first = await runner.run('segment-regression', 2, 0)
    expect([first, last]).toEqual([inOrder[0], inOrder[2]])
  })
  it('have chance of their own for each seed and each number', async () => {
    const pValues = async (seed: number, run: number) =>
      (await makeRunner(recording, seed).run('jittered', 0, run)).pValues
    expect(await pValues(1, 0)).not.toEqual(await pValues(2, 0))
    expect(await pValues(1, 0)).not.toEqual(await pValues(1, 1))
  })
  it('tell the p-values of harm, one of each thing that is tested', async () => {
    const [{ pValues }] = (await outcomes('exchanged', 0, 1)) as [RunOutcome]
    const names = pValues.map(([name]) => name)
    expect(names).toContain('segments: accuracy against champion, home=flat')
    expect(new Set(names).size).toBe(names.length)
  })
  it('say of which kind there can be none', async () => {
    const alone = makeRunner(recordingOf(), 1)
    await expect(alone.run('exchanged', 0, 0)).rejects.toThrow(/no other version about as good/)
  })
})
