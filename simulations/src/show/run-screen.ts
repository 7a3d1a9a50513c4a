import chalk from 'chalk'
import Table from 'cli-table3'
import { createLogUpdate } from 'log-update'
import type { RoundRow } from '../experiment/round-row.ts'
import { isTested } from '../results/last-tested.ts'
import { formatBytes, formatLoss, formatPercent } from './round-row.ts'

/** How far a run is. */
export interface RunProgress {
  /** Rounds that are closed, newest last; as many as one likes. */
  readonly rows: readonly RoundRow[]
  readonly numRounds: number
  /** Devices of the round under way that have trained. */
  readonly numTrained: number
  /** Real time for one round, of late; undefined before the first. */
  readonly roundMs: number | undefined
  /** What ends the run earlier, in words; undefined where nothing does. */
  readonly target: string | undefined
}

/** Where a run of an experiment shows what happens. */
export interface RunScreen {
  show(progress: RunProgress): void
  /** How far something is that is done before the first round, such as `runs are held against their data`. */
  count(numDone: number, total: number, what: string): void
  /** A line that stays. */
  say(line: string): void
  close(): void
}

type Cell = (row: RoundRow) => string

const columns: Readonly<Record<string, Cell>> = {
  round: ({ round }) => String(round),
  // there is no release that it could be promoted to
  outcome: ({ outcome }) => (outcome === 'promoted' ? 'applied' : outcome),
  asked: ({ numAsked, numInvited }) => String(numAsked ?? numInvited),
  ok: ({ numUpdates }) => String(numUpdates),
  refused: ({ numRejected }) => String(numRejected),
  late: ({ numLate }) => numLate?.toString() ?? '',
  lost: ({ numDropped }) => String(numDropped),
  up: ({ bytesUp }) => formatBytes(bytesUp),
  simulated: ({ simulatedMs }) => formatDuration(simulatedMs),
  'train loss': ({ trainLoss }) => trainLoss?.toFixed(4) ?? '',
  loss: (row) => (isTested(row) ? formatLoss(row.loss) : ''),
  accuracy: ({ accuracy }) => formatPercent(accuracy),
}

/** After the others in runs whose devices have models of their own: how good they are on what each device holds out. */
const ownColumn = { 'own models': ({ personal }) => formatPercent(personal?.personalAccuracy) } satisfies typeof columns

const columnsOf = ({ rows }: RunProgress): typeof columns =>
  rows.some(({ personal }) => personal !== undefined) ? { ...columns, ...ownColumn } : columns

const cells = (row: RoundRow, shown: typeof columns): string[] => Object.values(shown).map((cell) => cell(row))

/** Two units of 800 ms, 12.3 s, 4 min 10 s, 3 h 20 min, 2 d 4 h. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 1) return `${Math.round(ms)} ms`
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`
}

/** How long the rest will take, if rounds go on as of late. */
export function describeProgress({ rows, numRounds, numTrained, roundMs, target }: RunProgress): string {
  const numDone = rows.at(-1)?.round ?? 0
  const under = numTrained > 0 ? `, ${numTrained} devices trained` : ''
  const left =
    roundMs === undefined || numDone === numRounds
      ? ''
      : `; ${formatDuration(roundMs)} a round, ${target === undefined ? 'about' : 'at most'} ${formatDuration(roundMs * (numRounds - numDone))} left`
  const until = target === undefined ? '' : ` or ${target}`
  return `${numDone} of ${numRounds} rounds${until}${under}${left}`
}

/** For logs and pipes: a line when a round closes, and now and then how long it will take. */
export function plainRunScreen(write: (text: string) => void): RunScreen {
  const line = (texts: readonly string[], titles: readonly string[]) =>
    `${texts
      .map((text, i) => text.padEnd(Math.max(titles[i]!.length, 10)))
      .join(' ')
      .trimEnd()}\n`
  let shown: number | undefined
  return {
    show(progress) {
      const last = progress.rows.at(-1)?.round
      const of = columnsOf(progress)
      const titles = Object.keys(of)
      for (const row of progress.rows) {
        if (row.round <= (shown ?? 0)) continue
        if (shown === undefined) write(line(titles, titles))
        shown = row.round
        write(line(cells(row, of), titles))
        if (row.reason !== undefined) write(`      ${row.reason}\n`)
        // of those before it, in a run that goes on, it was said then
        if (isMilestone(row.round) && row.round === last)
          write(`      ${describeProgress({ ...progress, numTrained: 0 })}\n`)
      }
    },
    count(numDone, total, what) {
      if (isMilestone(numDone) || numDone === total) write(`${numDone} of ${total} ${what}\n`)
    },
    say: (text) => write(`${text}\n`),
    close: () => undefined,
  }
}

/** 0, 1, 2, 5, 10, 20, 50, then every hundredth: often enough to look at, seldom enough to read the rest. */
const isMilestone = (round: number): boolean => [1, 2, 5, 10, 20, 50].includes(round) || round % 100 === 0

/** Rounds that are shown at the same time. */
const maxRows = 14

/** For a terminal: the last rounds, redrawn in place, and a line that says how far it is. */
export function terminalRunScreen(stream: NodeJS.WriteStream): RunScreen {
  const update = createLogUpdate(stream)
  return {
    show(progress) {
      const of = columnsOf(progress)
      const table = new Table({
        head: Object.keys(of),
        style: { head: ['cyan'], compact: true, 'padding-left': 0, 'padding-right': 1 },
      })
      for (const row of progress.rows.slice(-maxRows)) {
        const colour = row.outcome === 'promoted' ? chalk.green : chalk.red
        table.push(cells(row, of).map((cell, i) => (i === 1 ? colour(cell) : cell)))
      }
      update(`${table.toString()}\n${describeProgress(progress)}`)
    },
    count: (numDone, total, what) => update(`${numDone} of ${total} ${what}`),
    say(text) {
      update.done()
      stream.write(`${text}\n`)
    },
    close: () => update.done(),
  }
}
