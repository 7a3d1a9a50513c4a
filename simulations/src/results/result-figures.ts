import { partitionPicture, sayDistribution } from '../partition/picture.ts'
import { bandFigure } from './band-figure.ts'
import { decileFigures, phaseFigure } from './bar-figures.ts'
import type { ResultFigure } from './figure.ts'
import { partitionCode, personalCode } from './notebook-code.ts'
import type { PersonalRecord, RunRecord } from './run-record.ts'
import { byName, progressAxes, seedBands, type Metric, type ProgressAxis } from './seed-bands.ts'

const metrics: readonly Metric[] = ['accuracy', 'loss']

/** All pictures of some runs, in the order in which they are read. Those that nothing was measured for are left out. */
export const resultFigures = (runs: readonly RunRecord[]): ResultFigure[] => [
  ...progressFigures(runs),
  ...personalFigures(runs),
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

/** Each device's own model beside the one that it was given, on what the devices hold out. */
export function personalFigures(runs: readonly RunRecord[]): ResultFigure[] {
  const bands = seedBands(
    runs.flatMap((run) => [
      measuredBy(run, 'own models', ({ personalAccuracy }) => personalAccuracy),
      measuredBy(run, 'shared model', ({ sharedAccuracy }) => sharedAccuracy),
    ]),
    'accuracy',
    'rounds',
  )
  if (bands.length === 0) return []
  const title = 'Accuracy on the devices’ own examples'
  const titles = { id: 'own-models', title, on: 'held-out examples, mean of devices', python: personalCode() }
  return [bandFigure(bands, 'accuracy', 'rounds', titles)]
}

/** The run as if its accuracy were that of one of the models of its devices. */
const measuredBy = (run: RunRecord, which: string, of: (record: PersonalRecord) => number): RunRecord => ({
  ...run,
  name: `${run.name}: ${which}`,
  rounds: run.rounds.map(({ accuracy: _, ...at }) => ({ ...at, ...(at.personal && { accuracy: of(at.personal) }) })),
})

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
