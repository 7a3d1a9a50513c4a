import { expect, it } from '@jest/globals'
import { advance, openRound, type ClosedRound } from '@panal/server'
import { deciles, roundsCsv, type DeviceOutcome, type RoundRow } from '@panal/simulations'
import { roundRow } from '../../../../simulations/src/experiment/round-row.ts'

const row: RoundRow = {
  round: 1,
  simulatedMs: 4000,
  wallMs: 123,
  bytesUp: 10,
  bytesDown: 20,
  numUpdates: 3,
  trainLoss: null,
  phases: { train: 1 },
  outcome: 'promoted',
  numInvited: 5,
  numAsked: 4,
  meanStaleness: 0.5,
  numRejected: 1,
  numDropped: 0,
  numLate: 1,
}

it('deciles lie between their two nearest values', () => {
  expect(deciles([5])).toEqual(Array(11).fill(5))
  // of 0, 10: every tenth of the way
  expect(deciles([10, 0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

it('the table of rounds has what is the same on every machine, and no real time', () => {
  const tested = { ...row, round: 2, trainLoss: 0.5, loss: 0.25, accuracy: 0.75 }
  expect(roundsCsv([row, tested])).toBe(
    [
      'round,outcome,simulatedMs,numInvited,numAsked,meanStaleness,numUpdates,numRejected,numDropped,numLate,bytesDown,bytesUp,trainLoss,loss,accuracy',
      '1,promoted,4000,5,4,0.5,3,1,0,1,20,10,,,',
      '2,promoted,4000,5,4,0.5,3,1,0,1,20,10,0.5,0.25,0.75',
      '',
    ].join('\n'),
  )
})

it('a row has finite numbers only, so that its line is read as it was', () => {
  const plan = { taskId: 'a', number: 1, baseVersion: 0, baseSha256: '', planHash: '' }
  const opened = openRound({ ...plan, reportingGoal: 1, minimum: 1, openedAt: 0, deadlineAt: 9, cohort: ['d_1'] })
  const closed = advance(opened, { type: 'abandoned', reason: 'said the test', at: 1 }) as ClosedRound
  const shared = { numExamples: 4, accuracy: 0.25, logLoss: NaN }
  const outcome: DeviceOutcome = {
    deviceId: 'd_1',
    verdict: 'accepted',
    numExamples: 4,
    numSteps: 1,
    effectiveSteps: 1,
    norm: 2,
    weight: 1,
    bytes: 8,
    lossBefore: NaN,
    lossAfter: NaN,
    ownMetrics: { shared, personal: { ...shared, logLoss: Infinity } },
  }
  const phases = { train: 1, aggregate: 1, evaluate: 1 }
  const round = { closed, bytesDown: 1, bytesUp: 1, outcomes: [outcome], metrics: shared, phases }
  const found = roundRow(round, 1, { size: 1 } as Parameters<typeof roundRow>[2])
  expect(found).toMatchObject({ trainLoss: null, accuracy: 0.25, personal: { numDevices: 1, sharedAccuracy: 0.25 } })
  expect(found.deciles!.map(({ metric }) => metric)).not.toContain('loss')
  expect(JSON.parse(JSON.stringify(found))).toEqual(found)
})
