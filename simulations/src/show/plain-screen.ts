import { roundColumns, roundRow } from './round-row.ts'
import { whatLateMeans, whyNot, type RoundsView, type Screen } from './screen.ts'

/** Where a column's cells are padded to; the last ones need none. */
const widths = [5, 11, 6, 4, 8, 5, 5, 9, 9, 8, 8, 10, 8, 6, 9, 9, 7]
const line = (cells: readonly string[]) => cells.map((cell, index) => cell.padEnd(widths[index]!)).join(' ')

/** For logs and pipes: a line when a step is done, and a line when a round closes. */
export function plainScreen(write: (text: string) => void): Screen {
  let shown = 0
  let begun = false
  const show = ({ rounds }: RoundsView) => {
    for (const { round, pointers } of rounds) {
      // The first round takes longest, for everything is new: a line says that it runs.
      if (!begun && round.numInvited > 0) write(`Round ${round.number}: ${round.numInvited} devices train\n`)
      begun ||= round.numInvited > 0
      // Its pointers are asked for once it is closed: the line waits for them.
      if (round.number <= shown || pointers === undefined) continue
      if (shown === 0) write(`(${whatLateMeans})\n${line(roundColumns).trimEnd()}\n`)
      shown = round.number
      write(`${line(roundRow(round, pointers)).trimEnd()}\n`)
      const why = whyNot(round)
      if (why !== undefined) write(`      ${why}\n`)
    }
  }
  return {
    async step(label, _total, work) {
      const result = await work(() => undefined)
      write(`${label}: done\n`)
      return result
    },
    showRounds: show,
    say: (text) => write(`${text}\n`),
    close: () => undefined,
  }
}
