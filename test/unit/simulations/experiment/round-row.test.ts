import { expect, it } from '@jest/globals'
import { deciles, roundsCsv, type RoundRow } from '@panal/simulations'

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
