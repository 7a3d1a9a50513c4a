import { describe, expect, it } from '@jest/globals'
import {
  describeProgress,
  describeRuns,
  formatDuration,
  parseExperiment,
  plainRunScreen,
  type RoundRow,
} from '@panal/simulations'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

const experiment = parseExperiment(smallExperiment())

const row = (round: number, changes: Partial<RoundRow> = {}): RoundRow => ({
  round,
  simulatedMs: 60_000 * round,
  wallMs: 500 * round,
  bytesUp: 1000,
  bytesDown: 2000,
  numUpdates: 9,
  trainLoss: 0.5,
  loss: 0.25,
  accuracy: 0.9,
  phases: {},
  outcome: 'promoted',
  numInvited: 11,
  numRejected: 0,
  numDropped: 1,
  numLate: 1,
  ...changes,
})

it.each([
  [800, '800 ms'],
  [12_340, '12.3 s'],
  [250_000, '4 min 10 s'],
  [12_000_000, '3 h 20 min'],
  [187_200_000, '2 d 4 h'],
])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

describe('progress', () => {
  const progress = { rows: [row(1), row(2)], numRounds: 10, numTrained: 0, roundMs: 500, target: undefined }

  it('says how long the rest takes: 8 rounds of half a second', () => {
    expect(describeProgress(progress)).toBe('2 of 10 rounds; 500 ms a round, about 4.0 s left')
  })

  it('knows the most that it can take where a target may end it sooner', () => {
    expect(describeProgress({ ...progress, numTrained: 3, target: 'accuracy 0.97' })).toBe(
      '2 of 10 rounds or accuracy 0.97, 3 devices trained; 500 ms a round, at most 4.0 s left',
    )
  })

  it('says nothing of what it cannot know', () => {
    expect(describeProgress({ ...progress, rows: [], roundMs: undefined })).toBe('0 of 10 rounds')
  })
})

it('the plain screen writes each round once, and why nothing came of one', () => {
  const lines: string[] = []
  const screen = plainRunScreen((text) => lines.push(text.replace(/ +/g, ' ').trimEnd()))
  const progress = { numRounds: 4, numTrained: 0, roundMs: 500, target: undefined }
  const abandoned = row(3, { outcome: 'abandoned', reason: '1 accepted updates; the task needs 5' })
  screen.show({ ...progress, rows: [row(2)] })
  screen.show({ ...progress, rows: [row(2), abandoned] })
  expect(lines).toEqual([
    'round outcome asked ok refused late lost up simulated train loss loss accuracy',
    '2 applied 11 9 0 1 1 1.00 kB 2 min 0 s 0.5000 0.2500 90.00 %',
    ' 2 of 4 rounds; 500 ms a round, about 1.0 s left',
    '3 abandoned 11 9 0 1 1 1.00 kB 3 min 0 s 0.5000 0.2500 90.00 %',
    ' 1 accepted updates; the task needs 5',
  ])
})

it('the plain screen says of rounds of before how they were, and once how long the rest takes', () => {
  const lines: string[] = []
  const screen = plainRunScreen((text) => lines.push(text.trimEnd()))
  screen.show({
    rows: [1, 2, 3].map((round) => row(round)),
    numRounds: 4,
    numTrained: 0,
    roundMs: 500,
    target: undefined,
  })
  screen.show({ rows: [row(5)], numRounds: 5, numTrained: 0, roundMs: 500, target: undefined })
  expect(lines.filter((line) => line.includes('of'))).toEqual(['      5 of 5 rounds']) // nothing is left
})

it('the plain screen counts what is done before the first round now and then, and at its end', () => {
  const lines: string[] = []
  const screen = plainRunScreen((text) => lines.push(text))
  for (let numDone = 0; numDone <= 7; numDone++) screen.count(numDone, 7, 'runs are looked at')
  expect(lines.map((line) => line[0])).toEqual(['0', '1', '2', '5', '7'])
  expect(lines.at(-1)).toBe('7 of 7 runs are looked at\n')
})

it('models of devices’ own have a column where there are any', () => {
  const lines: string[] = []
  const screen = plainRunScreen((text) => lines.push(text.replace(/ +/g, ' ').trimEnd()))
  const personal = { numDevices: 3, sharedAccuracy: 0.5, personalAccuracy: 0.75, sharedLoss: 1, personalLoss: 0.5 }
  screen.show({ rows: [row(3, { personal })], numRounds: 4, numTrained: 0, roundMs: 500, target: undefined })
  expect(lines[0]).toMatch(/accuracy own models$/)
  expect(lines[1]).toMatch(/90\.00 % 75\.00 %$/)
})

it('the table of runs has what is not finished, too, and no spread of one', () => {
  const rows = [row(1), row(2, { accuracy: 0.8 })]
  const text = describeRuns([{ folder: 'a', name: 'small', seed: 1, experiment, record: undefined, rows }])
  expect(text).toMatch(/small .* 1 .* not finished .* 2 .* 80\.00 % .* 90\.00 % /)
  expect(text).not.toContain('standard deviation')
})

it('the table of runs names rule and attack, of each experiment where they differ', () => {
  const found = (name: string, of = experiment) => ({
    folder: name,
    name,
    seed: 1,
    experiment: of,
    record: undefined,
    rows: [row(1)],
  })
  const alike = describeRuns([found('a'), found('b')])
  expect(alike.match(/^.*rule.*$/gm)).toEqual(['rule mean; no attack'])
  const attacked = { ...experiment, adversaries: { count: 4, attack: { name: 'alie' as const } } }
  expect(describeRuns([found('a'), found('b', attacked)]).match(/^.*rule.*$/gm)).toEqual([
    'a: rule mean; no attack',
    'b: rule mean; attack alie by 20 % of devices',
  ])
})

it('a test whose loss is no finite number is shown as one, and is the last', () => {
  const { loss: _, ...diverged } = row(2, { accuracy: 0.3 })
  const lines: string[] = []
  const screen = plainRunScreen((text) => lines.push(text.replace(/ +/g, ' ').trimEnd()))
  screen.show({ rows: [diverged], numRounds: 4, numTrained: 0, roundMs: 500, target: undefined })
  expect(lines[1]).toContain('0.5000 not finite 30.00 %')
  const rows = [row(1), diverged]
  const described = describeRuns([{ folder: 'a', name: 'a', seed: 1, experiment, record: undefined, rows }])
  expect(described).toMatch(/30\.00 %.*90\.00 %.*not finite/) // accuracy, the best one, loss
})
