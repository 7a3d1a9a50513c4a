import { describe, expect, it } from '@jest/globals'
import type { RoundSummary } from '@panal/client-core'
import { plainScreen } from '../../../../simulations/src/show/plain-screen.ts'
import type { RoundsView } from '../../../../simulations/src/show/screen.ts'
import { drawRounds } from '../../../../simulations/src/show/terminal-screen.ts'

const round = (number: number, phase: RoundSummary['phase']): RoundsView['rounds'][number] => ({
  round: {
    taskId: 't',
    number,
    phase,
    ...(phase === 'closed' ? { outcome: 'held' as const, reason: `model ${number} says too little` } : {}),
    baseVersion: number - 1,
    openedAt: 0,
    deadlineAt: 1,
    numInvited: 11,
    numAccepted: 10,
    numRejected: 0,
    numDropped: 0,
    numLate: 1,
    reportingGoal: 10,
    bytesDown: 0,
    bytesUp: 0,
  },
  pointers: phase === 'closed' ? { head: number, champion: null, anchor: null } : undefined,
})

describe('plain screen', () => {
  it('writes the header once and each closed round once', () => {
    const lines: string[] = []
    const screen = plainScreen((text) => lines.push(text))
    screen.showRounds({ rounds: [round(1, 'closed'), round(2, 'collecting')], devices: {} })
    screen.showRounds({ rounds: [round(1, 'closed'), round(2, 'closed')], devices: {} })
    expect(lines.flatMap((line) => line.trimEnd().split('\n')).map((line) => line.slice(0, 38).trimEnd())).toEqual([
      'Round 1: 11 devices train',
      '(late: more devices are asked than are',
      'round phase       asked  ok   refused',
      '1     held        11     10   0',
      '      held: model 1 says too little',
      '2     held        11     10   0',
      '      held: model 2 says too little',
    ])
  })

  it('gives a step’s result, and says when it is done', async () => {
    const lines: string[] = []
    const screen = plainScreen((text) => lines.push(text))
    expect(await screen.step('Reading', 1, () => Promise.resolve(7))).toBe(7)
    expect(lines).toEqual(['Reading: done\n'])
  })
})

describe('terminal table', () => {
  it('shows the newest rounds and what the devices do', () => {
    const rounds = Array.from({ length: 30 }, (_, index) => round(index + 1, 'closed'))
    const drawn = drawRounds({ rounds, devices: { waiting: 9, training: 11 } })
    expect(drawn).toContain('v30')
    expect(drawn).not.toContain('v16 ')
    expect(drawn).toContain('9 waiting, 11 training')
    expect(drawn).toContain('\nround 30 held: model 30 says too little\n')
  })
})
