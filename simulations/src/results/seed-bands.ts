import { totalBytes } from './result-tables.ts'
import type { RunRecord } from './run-record.ts'

/** What a metric can be drawn against. */
export const progressAxes = {
  rounds: { title: 'round', says: 'rounds' },
  bytes: { title: 'MB sent and received', says: 'traffic of all devices together' },
  time: { title: 'simulated hours', says: 'simulated time' },
} as const
export type ProgressAxis = keyof typeof progressAxes

export interface BandPoint {
  readonly x: number
  /** Mean over the seeds. */
  readonly y: number
  /** Least and greatest of the seeds. */
  readonly low: number
  readonly high: number
}

/** One experiment over its seeds. */
export interface Band {
  readonly name: string
  readonly numSeeds: number
  readonly points: readonly BandPoint[]
}

export type Metric = 'accuracy' | 'loss'

/**
 * A metric of each experiment against an axis: mean and range over its seeds. Only rounds in which all seeds were tested, so that
 * no mean changes its runs on the way: a line ends where the first of the seeds did. Of bytes and time the mean over the seeds.
 */
export const seedBands = (runs: readonly RunRecord[], metric: Metric, axis: ProgressAxis): Band[] =>
  [...byName(runs)].flatMap(([name, seeds]): Band[] => {
    const measured = seeds.map((run) => measuredRounds(run, metric, axis))
    const rounds = [...measured[0]!.keys()].filter((round) => measured.every((each) => each.has(round)))
    const points = rounds.map((round): BandPoint => {
      const values = measured.map((each) => each.get(round)!)
      const ys = values.map(({ y }) => y)
      return { x: mean(values.map(({ x }) => x)), y: mean(ys), low: Math.min(...ys), high: Math.max(...ys) }
    })
    return points.length === 0 ? [] : [{ name, numSeeds: seeds.length, points }]
  })

/** Runs of one name are one experiment. */
export function byName(runs: readonly RunRecord[]): Map<string, RunRecord[]> {
  const groups = new Map<string, RunRecord[]>()
  for (const run of runs) groups.set(run.name, [...(groups.get(run.name) ?? []), run])
  return groups
}

function measuredRounds(run: RunRecord, metric: Metric, axis: ProgressAxis): Map<number, { x: number; y: number }> {
  const bytes = totalBytes(run)
  return new Map(
    run.rounds.flatMap((at, i) => {
      const y = at[metric]
      const x = { rounds: at.round, bytes: bytes[i]! / 1e6, time: at.simulatedMs / 3_600_000 }[axis]
      return y === undefined || !Number.isFinite(y) ? [] : [[at.round, { x, y }] as const]
    }),
  )
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
