import { expect, it } from '@jest/globals'
import type { RoundSummary } from '@panal/client-core'
import { eventInbox } from '../../../../client-core/src/transport/server-events.ts'

const round = {
  taskId: 'digits',
  number: 3,
  phase: 'gating',
  baseVersion: 2,
  openedAt: 0,
  deadlineAt: 60_000,
  numInvited: 11,
  numAccepted: 10,
  numRejected: 0,
  numDropped: 0,
  numLate: 0,
  reportingGoal: 10,
  bytesDown: 0,
  bytesUp: 0,
} as const satisfies RoundSummary

const judging = { check: 'integrity', numDone: 0, numChecks: 2 }
const aggregation = { engine: 'wasm', device: 'x64', ms: 3, bytes: 4_000 }
const ofLater = { fieldOfALaterMake: 1 }

it('[P13] a page of an older make is told of rounds with fields that it does not know, in what only pages are told', () => {
  const told: RoundSummary[] = []
  const inbox = eventInbox()
  inbox.on('round', (message) => told.push(message))
  const later = [
    { ...round, judging: { ...judging, ...ofLater } },
    { ...round, aggregation: { ...aggregation, ...ofLater } },
  ]
  expect(later.map((message) => inbox.deliver('round', message))).toEqual([true, true])
  expect(told).toEqual(later)
})

it('[P2] one with such a field anywhere else is dropped, as is one that lacks a field', () => {
  const inbox = eventInbox()
  const { device: _, ...lacking } = aggregation
  expect(inbox.deliver('round', { ...round, ...ofLater })).toBe(false)
  expect(inbox.deliver('round', { ...round, aggregation: lacking })).toBe(false)
})
