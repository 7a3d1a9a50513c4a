import { describe, expect, it } from '@jest/globals'
import {
  accuracyIn,
  testedSegments,
  hardestSegment,
  marginOf,
} from '../../../../../server/src/gate/calibrate/planting.ts'
import type { Recording } from '../../../../../server/src/gate/calibrate/recording.ts'
import { openRun } from '../../../../../server/src/gate/calibrate/open-run.ts'
import { scenarios } from '../../../../../server/src/gate/calibrate/scenarios/registry.ts'
import { membersOf } from '../../../../../server/src/gate/calibrate/where.ts'
import { isUnavailable } from '../../../../../server/src/gate/calibrate/scenario.ts'
import { predictedClasses } from '../../../../../server/src/gate/statistics/accuracy.ts'
import { makeRng } from '@panal/client-core'
import { recordingOf } from '../../../../fixtures/calibration-recording.ts'

const recording = recordingOf({ numExamples: 3000, like: 0.4 })

describe('where faults are planted', () => {
  it('are the segments that have examples enough to gate', () => {
    const names = (of: Recording) => {
      const { gating, small } = testedSegments(of)
      return [gating, small].map((each) => each.map(({ name }) => name))
    }
    expect(names(recording)).toEqual([['home=van', 'home=flat', 'home=house'], []])
    // Of 600 about 60 live in vans: enough to be tested, too few to show a fall by ten points. Of 200 about 20.
    expect(names(recordingOf())).toEqual([['home=flat', 'home=house'], ['home=van']])
    expect(names(recordingOf({ numExamples: 200 })).flat()).not.toContain('home=van')
  })
  it('accuracy is that of both models of a pair', () => {
    const { gate } = recording.examples
    const right = [recording.champion, recording.like!].map(({ on }) => {
      const answers = predictedClasses({ probabilities: on.gate, labels: gate.labels, numClasses: 2 })
      return answers.filter((answer, row) => answer === gate.labels[row]).length / 3000
    })
    expect(accuracyIn(recording, [])).toBeCloseTo((right[0]! + right[1]!) / 2, 10)
  })
  it('margins are the task’s, or the check’s own', () => {
    expect(marginOf(recording, 'segments')).toBe(0.05)
    expect(marginOf(recording, 'no-regression')).toBe(0.01)
    const checks = [
      { name: 'no-regression', against: 'anchor', metric: 'accuracy', margin: 0.2 },
      { name: 'no-regression', against: 'champion', metric: 'accuracy', margin: 0.03 },
    ] as const
    expect(marginOf({ ...recording, checks }, 'no-regression')).toBe(0.03)
    expect(marginOf({ ...recording, checks }, 'segments')).toBe(0.02)
  })
  it('the hardest segment is that with the fewest right answers', () => {
    const hardest = hardestSegment(recording)!
    for (const { accuracy } of testedSegments(recording).gating) expect(hardest.accuracy).toBeLessThanOrEqual(accuracy)
    expect(hardestSegment({ ...recording, task: { ...recording.task, segments: [] } })).toBeUndefined()
  })
})

it('a planted fall of k margins is one of k margins', async () => {
  const settings = scenarios['segment-regression'].settings(recording)
  if (isUnavailable(settings)) throw new Error(settings.because)
  const falls = new Map<number, number[]>()
  for (const { stage, size } of settings)
    for (let run = 0; run < 20; run++) {
      const staged = stage(makeRng(`stage ${run}`))
      const evaluation = openRun(recording, staged, `run ${run}`)
      const examples = await evaluation.examples('gate')
      const members = membersOf(examples, [{ column: 'home', value: staged.about!.split('=')[1]! }])
      const accuracy = async (model: 'candidate' | 'champion') => {
        const answers = predictedClasses(await evaluation[model]!.on('gate'))
        return members.filter((row) => answers[row] === examples.labels[row]).length / members.length
      }
      falls.set(size!, [...(falls.get(size!) ?? []), (await accuracy('champion')) - (await accuracy('candidate'))])
    }
  for (const [size, found] of falls) {
    const mean = found.reduce((sum, fall) => sum + fall, 0) / found.length
    // One run is off by 1 to 3 points (300 to 1,500 examples), the mean of 20 by under .5: four of those.
    expect(Math.abs(mean - size * 0.05)).toBeLessThan(0.02)
  }
}, 30_000)
