import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { openRun } from '../../server/src/gate/calibrate/open-run.ts'
import { isUnavailable, type Setting } from '../../server/src/gate/calibrate/scenario.ts'
import { scenarioNames, scenarios, type ScenarioName } from '../../server/src/gate/calibrate/scenarios/registry.ts'
import { firstImproperRow } from '../../server/src/gate/statistics/probability-rows.ts'
import { recordingOf } from '../fixtures/calibration-recording.ts'

const recording = recordingOf({ numExamples: 600, like: 0.4 })
const complete = {
  ...recording,
  withoutFeature: { column: 'a', model: { ...recording.champion, on: recording.earlier[0]!.on } },
  flippedLabels: [0.5, 1].map((share) => ({ label: `${100 * share} %`, share, model: recording.earlier[0]! })),
}
const bare = { ...recordingOf(), earlier: [], task: { ...recording.task, segments: [] } }

function settingsOf(name: ScenarioName): readonly Setting[] {
  const settings = scenarios[name].settings(complete)
  if (isUnavailable(settings)) throw new Error(settings.because)
  return settings
}

/** What every kind of candidate keeps to. */
describe.each(scenarioNames)('scenario %s', (name) => {
  it('has a title, and settings that can be told apart', () => {
    expect(scenarios[name].title).toMatch(/^[A-Z].{8,}/)
    const labels = settingsOf(name).map(({ label }) => label)
    expect(labels.length).toBeGreaterThan(0)
    expect(new Set(labels).size).toBe(labels.length)
  })
  it('stages two models that answer with probabilities, the same for the same chance', async () => {
    for (const setting of settingsOf(name)) {
      const open = () => openRun(complete, setting.stage(makeRng(1)), 'seed')
      for (const set of ['evaluation', 'gate'] as const) {
        const [one, again] = [open(), open()]
        for (const model of ['candidate', 'champion'] as const) {
          const answers = await one[model]!.on(set)
          expect(firstImproperRow(answers)).toBe(-1)
          expect(await again[model]!.on(set)).toEqual(answers)
        }
      }
    }
  })
  it('either can be made of a task without segments and other versions, or says why not', () => {
    const settings = scenarios[name].settings(bare)
    if (isUnavailable(settings)) expect(settings.because).toMatch(/^[a-z].{10,}[^.]$/)
    else for (const setting of settings) expect(() => setting.stage(makeRng(1))).not.toThrow()
  })
  it('leaves the recording alone', async () => {
    const before = structuredClone(complete)
    for (const setting of settingsOf(name))
      await openRun(complete, setting.stage(makeRng(1)), 'seed').candidate.on('gate')
    expect(complete).toEqual(before)
  })
})
