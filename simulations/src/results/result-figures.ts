import { partitionPicture, sayDistribution } from '../partition/picture.ts'
import { bandFigure } from './band-figure.ts'
import { decileFigures, phaseFigure } from './bar-figures.ts'
import type { ResultFigure } from './figure.ts'
import { partitionCode } from './notebook-code.ts'
import type { RunRecord } from './run-record.ts'
import { byName, progressAxes, seedBands, type Metric, type ProgressAxis } from './seed-bands.ts'

const metrics: readonly Metric[] = ['accuracy', 'loss']

/** All pictures of some runs, in the order in which they are read. Those that nothing was measured for are left out. */
export const resultFigures = (runs: readonly RunRecord[]): ResultFigure[] => [
  ...progressFigures(runs),
  ...decileFigures(runs),
  ...partitionFigures(runs),
  ...phaseFigures(runs),
]

export const progressFigures = (runs: readonly RunRecord[]): ResultFigure[] =>
  metrics.flatMap((metric) =>
    (Object.keys(progressAxes) as ProgressAxis[]).flatMap((axis) => {
      const bands = seedBands(runs, metric, axis)
      return bands.length === 0 ? [] : [bandFigure(bands, metric, axis)]
    }),
  )

/** Of each experiment the partition of its first seed. */
export const partitionFigures = (runs: readonly RunRecord[]): ResultFigure[] =>
  [...byName(runs).values()].flatMap(([run], i) => {
    const { partition, name, seed } = run!
    if (partition === undefined) return []
    const title = `Who has what: ${name}`
    return [
      {
        id: `partition-${i + 1}`,
        title,
        says: `Seed ${seed}. ${sayDistribution(partition)} The area of a disc is the number of examples.`,
        picture: partitionPicture(partition, title),
        python: partitionCode(name, seed),
      },
    ]
  })

export const phaseFigures = (runs: readonly RunRecord[]): ResultFigure[] =>
  [...byName(runs).values()].flatMap((seeds, i) => phaseFigure(seeds, `phases-${i + 1}`) ?? [])
