import { describe, expect, it } from '@jest/globals'
import type { RoundSummary } from '@panal/client-core'
import { formatBytes, formatMs, roundColumns, roundRow } from '../../../../simulations/src/show/round-row.ts'

const open: RoundSummary = {
  taskId: 'digits',
  number: 3,
  phase: 'collecting',
  baseVersion: 2,
  openedAt: 0,
  deadlineAt: 60_000,
  numInvited: 11,
  numAccepted: 4,
  numRejected: 0,
  numDropped: 0,
  numLate: 0,
  reportingGoal: 10,
  bytesDown: 1_017_800,
  bytesUp: 0,
}

const cells = (...args: Parameters<typeof roundRow>) =>
  Object.fromEntries(roundRow(...args).map((cell, index) => [roundColumns[index]!, cell]))

describe('roundRow', () => {
  it('has a cell for each column', () => {
    expect(roundRow(open, undefined)).toHaveLength(roundColumns.length)
  })

  it('leaves empty what is not known yet', () => {
    const row = cells(open, undefined)
    expect(row).toMatchObject({ round: '3', phase: 'collecting', ok: '4', gate: '', accuracy: '', head: '–' })
  })

  it('shows the outcome, the times and the pointers of a closed round', () => {
    const closed: RoundSummary = {
      ...open,
      phase: 'closed',
      outcome: 'promoted',
      trainMs: 812.4,
      gateMs: 1240,
      accuracy: 0.9567,
      logLoss: 0.14159,
    }
    const row = cells(closed, { head: 3, champion: 3, anchor: null })
    expect(row).toMatchObject({
      phase: 'promoted',
      train: '812 ms',
      gate: '1.2 s',
      accuracy: '95.67 %',
      loss: '0.1416',
    })
    expect(row).toMatchObject({ head: 'v3', champion: 'v3', down: '1.02 MB', up: '0 B' })
  })
})

describe('formats', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [123_456_789, '123 MB'],
  ])('%p bytes: %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it.each([
    [undefined, ''],
    [0.4, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
  ])('%p ms: %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text)
  })
})
