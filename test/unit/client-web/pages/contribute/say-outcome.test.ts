import { expect, it } from '@jest/globals'
import { sayOutcome } from '../../../../../client-web/src/pages/contribute/say-outcome.ts'
import { digest, receiptOf, testDeviceId } from '../../../../fixtures/wire.ts'

const receipt = receiptOf({
  taskId: 'digits',
  roundNumber: 1,
  deviceId: testDeviceId,
  sha256: digest('a'),
  weight: 1200,
  norm: 1,
  receivedAt: 0,
})

it.each([
  ['a version', { receipt, countedIn: 4 }, undefined, 'v4'],
  ['a version that only the server’s list of rounds knows', { receipt }, { candidateVersion: 4 }, 'v4'],
  ['no version, as the ledger says', { receipt, countedIn: null }, undefined, 'none'],
  ['no version, as the server’s list says', { receipt }, {}, 'none'],
  ['an open round', { receipt }, undefined, 'open'],
  ['a refusal, whatever became of the round', { refused: 'non-finite' }, { candidateVersion: 4 }, 'refused'],
  ['a receipt that never came', {}, { candidateVersion: 4 }, '?'],
])('[P27] an update of %s', (_, entry, closedRound, text) => {
  expect(sayOutcome(entry, closedRound).text).toBe(text)
})

it('says with which weight the server signed, and by which key', () => {
  expect(sayOutcome({ receipt, countedIn: 4 }, undefined).detail).toContain('weight 1,200')
  expect(sayOutcome({ receipt, countedIn: 4 }, undefined).detail).toContain(receipt.keyId.slice(0, 8))
})
