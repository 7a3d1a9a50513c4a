import { describe, expect, it } from '@jest/globals'
import { virtualClock, type RoundSummary } from '@panal/client-core'
import { throttleSummaries } from '../../../../server/src/socket/throttle.ts'

const summary = (number: number, numAccepted: number, taskId = 'digits') =>
  ({ taskId, number, numAccepted }) as RoundSummary

function setUp(intervalMs = () => 250) {
  const clock = virtualClock({ startAt: 0 })
  const life = new AbortController()
  const sent: string[] = []
  const tell = throttleSummaries(
    (round) => sent.push(`${clock.now()} ${round.taskId} ${round.number}:${round.numAccepted}`),
    { clock, intervalMs, signal: life.signal },
  )
  return { clock, life, sent, tell }
}

describe('throttleSummaries', () => {
  it('sends the first at once, then the newest when the interval is over', async () => {
    const { clock, sent, tell } = setUp()
    for (let accepted = 0; accepted <= 9; accepted++) tell(summary(1, accepted))
    expect(sent).toEqual(['0 digits 1:0'])
    await clock.advance(250)
    expect(sent).toEqual(['0 digits 1:0', '250 digits 1:9'])
    await clock.advance(250)
    tell(summary(1, 10))
    expect(sent.at(-1)).toBe('500 digits 1:10')
  })

  it('loses no round: the last state of each arrives', async () => {
    const { clock, sent, tell } = setUp()
    for (const [number, accepted] of [
      [1, 0],
      [1, 3],
      [2, 0],
      [2, 1],
    ] as const)
      tell(summary(number, accepted))
    await clock.advance(250)
    expect(sent).toEqual(['0 digits 1:0', '250 digits 1:3', '250 digits 2:1'])
  })

  it('measures the interval anew each time', async () => {
    let numListening = 1
    const { clock, sent, tell } = setUp(() => 100 * numListening)
    tell(summary(1, 0))
    tell(summary(1, 1))
    numListening = 5
    await clock.advance(100)
    tell(summary(1, 2))
    await clock.advance(499)
    expect(sent).toEqual(['0 digits 1:0', '100 digits 1:1'])
    await clock.advance(1)
    expect(sent.at(-1)).toBe('600 digits 1:2')
  })

  it('holds each task back by itself', () => {
    const { sent, tell } = setUp()
    tell(summary(1, 0))
    tell(summary(1, 0, 'credit'))
    expect(sent).toEqual(['0 digits 1:0', '0 credit 1:0'])
  })

  it('says nothing more once the server closes', async () => {
    const { clock, life, sent, tell } = setUp()
    tell(summary(1, 0))
    tell(summary(1, 1))
    life.abort(new Error('closing'))
    await clock.advance(1000)
    expect(sent).toEqual(['0 digits 1:0'])
  })
})
