import type { RoundRecord, RunRecord } from './run-record.ts'

/** Values of one kind under a name; null where missing. */
export type ResultColumn =
  | { readonly name: string; readonly kind: 'text'; readonly values: readonly (string | null)[] }
  | { readonly name: string; readonly kind: 'count' | 'number'; readonly values: readonly (number | null)[] }

export interface ResultTable {
  readonly name: string
  /** All of one length. */
  readonly columns: readonly ResultColumn[]
}

/** The tables of runs: a row for each round, for each decile of a metric in a round, and for each class on each device shown. */
export const resultTables = (runs: readonly RunRecord[]): ResultTable[] =>
  [roundsTable(runs), decilesTable(runs), partitionTable(runs)].filter(
    ({ name, columns }) => name === 'rounds' || columns[0]!.values.length > 0,
  )

interface InRun {
  readonly run: RunRecord
  readonly at: RoundRecord
}

export function roundsTable(runs: readonly RunRecord[]): ResultTable {
  const rows = runs.flatMap((run) => run.rounds.map((at): InRun => ({ run, at })))
  const phases = [...new Set(rows.flatMap(({ at }) => Object.keys(at.phases)))].sort()
  const number = (name: string, of: (at: RoundRecord) => number | null | undefined): ResultColumn => ({
    name,
    kind: 'number',
    values: rows.map(({ at }) => of(at) ?? null),
  })
  const count = (name: string, of: (at: RoundRecord) => number | undefined): ResultColumn => ({
    name,
    kind: 'count',
    values: rows.map(({ at }) => of(at) ?? null),
  })
  return {
    name: 'rounds',
    columns: [
      ...runColumns(rows.map(({ run }) => run)),
      count('round', ({ round }) => round),
      number('simulated_ms', ({ simulatedMs }) => simulatedMs),
      number('wall_ms', ({ wallMs }) => wallMs),
      count('bytes_up', ({ bytesUp }) => bytesUp),
      count('bytes_down', ({ bytesDown }) => bytesDown),
      { name: 'total_bytes', kind: 'count', values: runs.flatMap(totalBytes) },
      { name: 'asked', kind: 'count', values: rows.map(({ at }) => at.numAsked ?? null) },
      count('updates', ({ numUpdates }) => numUpdates),
      number('train_loss', ({ trainLoss }) => trainLoss),
      number('loss', ({ loss }) => loss),
      number('accuracy', ({ accuracy }) => accuracy),
      ...(rows.some(({ at }) => at.personal !== undefined)
        ? [
            count('measured_devices', ({ personal }) => personal?.numDevices),
            number('shared_accuracy', ({ personal }) => personal?.sharedAccuracy),
            number('personal_accuracy', ({ personal }) => personal?.personalAccuracy),
            number('shared_loss', ({ personal }) => personal?.sharedLoss),
            number('personal_loss', ({ personal }) => personal?.personalLoss),
          ]
        : []),
      ...phases.map((phase) => number(`phase_${phase}_ms`, (at) => at.phases[phase])),
    ],
  }
}

/** After each round, what went up and down so far. */
export function totalBytes({ rounds }: Pick<RunRecord, 'rounds'>): number[] {
  let total = 0
  return rounds.map(({ bytesUp, bytesDown }) => (total += bytesUp + bytesDown))
}

function decilesTable(runs: readonly RunRecord[]): ResultTable {
  const rows = runs.flatMap((run) =>
    run.rounds.flatMap(({ round, deciles = [] }) =>
      deciles.flatMap(({ metric, values }) => values.map((value, decile) => ({ run, round, metric, decile, value }))),
    ),
  )
  return {
    name: 'deciles',
    columns: [
      ...runColumns(rows.map(({ run }) => run)),
      { name: 'round', kind: 'count', values: rows.map(({ round }) => round) },
      { name: 'metric', kind: 'text', values: rows.map(({ metric }) => metric) },
      { name: 'decile', kind: 'count', values: rows.map(({ decile }) => decile) },
      { name: 'value', kind: 'number', values: rows.map(({ value }) => value) },
    ],
  }
}

function partitionTable(runs: readonly RunRecord[]): ResultTable {
  const rows = runs.flatMap((run) =>
    (run.partition?.devices ?? []).flatMap(({ device, counts }) =>
      counts.map((examples, label) => ({ run, device, name: run.partition!.classes[label]!, examples })),
    ),
  )
  return {
    name: 'partition',
    columns: [
      ...runColumns(rows.map(({ run }) => run)),
      { name: 'device', kind: 'count', values: rows.map(({ device }) => device) },
      { name: 'class', kind: 'text', values: rows.map(({ name }) => name) },
      { name: 'examples', kind: 'count', values: rows.map(({ examples }) => examples) },
    ],
  }
}

const runColumns = (runs: readonly RunRecord[]): ResultColumn[] => [
  { name: 'name', kind: 'text', values: runs.map(({ name }) => name) },
  { name: 'seed', kind: 'count', values: runs.map(({ seed }) => seed) },
]
