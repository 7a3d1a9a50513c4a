import chalk from 'chalk'
import { Presets, SingleBar } from 'cli-progress'
import Table from 'cli-table3'
import { createLogUpdate } from 'log-update'
import { roundColumns, roundRow } from './round-row.ts'
import { describeDevices, whatLateMeans, whyNot, type RoundsView, type Screen } from './screen.ts'

/** Rounds that are shown at the same time; older ones scroll out of the table. */
const maxRows = 14

const phaseColours: Readonly<Record<string, (text: string) => string>> = {
  promoted: chalk.green,
  held: chalk.yellow,
  rejected: chalk.red,
  abandoned: chalk.red,
}

/** For a terminal: bars while something is awaited, and one table that is redrawn in place. */
export function terminalScreen(stream: NodeJS.WriteStream): Screen {
  const update = createLogUpdate(stream)
  let closed = false
  return {
    async step(label, total, work) {
      const bar = new SingleBar(
        { stream, format: `${label.padEnd(28)} {bar} {percentage} %`, hideCursor: true },
        Presets.rect,
      )
      bar.start(total, 0)
      try {
        const result = await work((by) => bar.increment(by))
        bar.update(total)
        return result
      } finally {
        bar.stop()
      }
    },
    showRounds(view) {
      if (!closed) update(drawRounds(view))
    },
    say(text) {
      update.done()
      stream.write(`${text}\n`)
    },
    close() {
      closed = true
      update.done()
    },
  }
}

/** The whole table, and below it what the fleet is doing. */
export function drawRounds({ rounds, devices }: RoundsView): string {
  const table = new Table({
    head: [...roundColumns],
    style: { head: ['cyan'], compact: true, 'padding-left': 0, 'padding-right': 1 },
  })
  for (const { round, pointers } of rounds.slice(-maxRows)) {
    const colour = phaseColours[round.outcome ?? ''] ?? ((text: string) => text)
    table.push(roundRow(round, pointers).map((cell, index) => (index === 1 ? colour(cell) : cell)))
  }
  const whys = rounds.map(({ round }) => ({ number: round.number, why: whyNot(round) }))
  const last = whys.findLast(({ why }) => why !== undefined)
  return [
    table.toString(),
    ...(last === undefined ? [] : [`round ${last.number} ${last.why}`]),
    `devices: ${describeDevices(devices)}; ${whatLateMeans}`,
  ].join('\n')
}
