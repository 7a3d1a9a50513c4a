import { expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { deviceIdOf, parseExperiment, type RoundRow, type RunProgress, type RunScreen } from '@panal/simulations'
import { runProgress } from '../../../../simulations/src/cli/run-progress.ts'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

const row = (round: number): RoundRow => ({
  round,
  simulatedMs: 0,
  wallMs: 500 * round,
  bytesUp: 0,
  bytesDown: 0,
  numUpdates: 2,
  trainLoss: null,
  phases: {},
  outcome: 'promoted',
  numInvited: 2,
  numRejected: 0,
  numDropped: 0,
})

/** What a run shows, in order, on a clock that stands at first. */
function watched() {
  const shown: RunProgress[] = []
  const said: string[] = []
  const screen: RunScreen = {
    show: (progress) => shown.push(progress),
    count: () => undefined,
    say: (line) => said.push(line),
    close: () => undefined,
  }
  const clock = virtualClock()
  return { shown, said, clock, events: runProgress(parseExperiment(smallExperiment()), screen, clock) }
}

it('a run’s progress counts a device once in a round, however often its work is done', async () => {
  const { shown, clock, events } = watched()
  const numTrained = () => shown.at(-1)?.numTrained
  const train = async (round: number, device: number) => {
    await clock.advance(1000)
    events.onDevice(round, deviceIdOf(device))
  }
  await train(1, 0)
  await train(1, 1)
  await train(1, 1) // its worker died
  expect(numTrained()).toBe(2)
  events.onRound(row(1))
  expect(numTrained()).toBe(0)
  await train(2, 1)
  expect(numTrained()).toBe(1)
})

it('it is drawn ten times a second at most while devices train, and whenever a round closes', async () => {
  const { shown, clock, events } = watched()
  for (let device = 0; device < 5; device++) events.onDevice(1, deviceIdOf(device))
  expect(shown).toHaveLength(1)
  await clock.advance(99)
  events.onDevice(1, deviceIdOf(5))
  expect(shown).toHaveLength(1)
  await clock.advance(1)
  events.onDevice(1, deviceIdOf(6))
  expect(shown.at(-1)!.numTrained).toBe(7)
  events.onRound(row(1))
  expect(shown.map(({ rows }) => rows.length)).toEqual([0, 0, 1])
})

it('it begins with the rule and the attack', () => {
  const { said, events } = watched()
  events.onResumed([row(1)])
  expect(said).toEqual(['rule mean; no attack', 'Going on after round 1:'])
})
