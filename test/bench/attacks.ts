import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { systemClock } from '@panal/client-core'
import { parseText, readRuns, runSweep, type Experiment, type FinishedRun, type RunEvents } from '@panal/simulations'
import { measuredWhere, writeSection } from './page.ts'

const clock = systemClock({ setTimeout, clearTimeout })
const experiments = fileURLToPath(new URL('../../simulations/experiments/', import.meta.url))
const path = join(experiments, 'mnist-adversaries.yaml')

/** What of the experiment is a column's own. */
type Column = Pick<Experiment, 'strategy' | 'root'>
type Attack = NonNullable<Experiment['adversaries']>['attack']

const [count, f] = [10, 10]
const trimmed = { name: 'trimmed-mean', f } as const

/** Columns of the table. */
const rules: Readonly<Record<string, Column>> = {
  mean: { strategy: { aggregator: { name: 'mean' } } },
  'clip, nnm, trimmed-mean': {
    strategy: { preAggregators: [{ name: 'clip' }, { name: 'nnm', f }], aggregator: trimmed },
  },
  median: { strategy: { aggregator: { name: 'median' } } },
  'trimmed-mean': { strategy: { aggregator: trimmed } },
  krum: { strategy: { aggregator: { name: 'krum', f } } },
  'multi-krum': { strategy: { aggregator: { name: 'multi-krum', f } } },
  bulyan: { strategy: { aggregator: { name: 'bulyan', f } } },
  'geometric-median': { strategy: { aggregator: { name: 'geometric-median' } } },
  'centred-clipping': { strategy: { aggregator: { name: 'centred-clipping', tau: 0.5 } } },
  fltrust: { strategy: { aggregator: { name: 'fltrust' } }, root: { examples: 100 } },
}

/** Rows of it. */
const attacks: Readonly<Record<string, Attack | null>> = {
  none: null,
  'sign-flip': { name: 'sign-flip' },
  'scaling ×100': { name: 'scaling' },
  'gaussian, std 1': { name: 'gaussian' },
  alie: { name: 'alie' },
  'ipm, ε = 0.1': { name: 'ipm', epsilon: 0.1 },
  'ipm, ε = 0.5': { name: 'ipm', epsilon: 0.5 },
  'ipm, ε = 2': { name: 'ipm', epsilon: 2 },
  'label-flip': { name: 'label-flip' },
  'model-replacement': { name: 'model-replacement' },
  mimic: { name: 'mimic' },
  sybil: { name: 'sybil' },
}

/**
 * Accuracy in the end of `simulations/experiments/mnist-adversaries.yaml` with each aggregation rule under each attack, beside
 * what it is without: 120 runs. `--out FOLDER` keeps the runs and goes on with those that are there, `--only RULE` runs one
 * column of it, `--write` puts the table into docs/benchmarks.md.
 * @throws Error of `--only` with `--write`: one column would take the place of the table
 */
export async function benchAttacks(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { write: { type: 'boolean', default: false }, out: { type: 'string' }, only: { type: 'string' } },
  })
  if (values.write && values.only !== undefined)
    throw new Error('--only makes one column of the table: without it, --write writes all of it')
  const folder = values.out ?? (await mkdtemp(join(tmpdir(), 'panal-bench-attacks-')))
  const names = values.only === undefined ? Object.keys(rules) : [values.only]
  if (!names.every((name) => Object.hasOwn(rules, name)))
    throw new Error(`no rule ${values.only}; there are ${Object.keys(rules).join(' | ')}`)
  try {
    const columns: FinishedRun[][] = []
    for (const name of names) columns.push(await measureRule(name, folder))
    const text = [measuredWhere(), '', ...table(names, columns)].join('\n')
    console.log(text)
    if (values.write) await writeSection('attacks', text)
  } finally {
    if (values.out === undefined) await rm(folder, { recursive: true })
  }
}

/** The runs of one rule, one for each attack. */
async function measureRule(name: string, folder: string): Promise<FinishedRun[]> {
  const experiment = parseText(await readFile(path, 'utf8'), path)
  const specs = Object.values(attacks).map((attack) => attack && { count, attack })
  const quiet: RunEvents = {
    onNote: (line) => console.error(line),
    onResumed: () => undefined,
    onDevice: () => undefined,
    onRound: () => undefined,
  }
  const sweep = await runSweep(
    {
      experiment,
      home: experiments,
      axes: [
        ...Object.entries(rules[name]!).map(([key, value]) => ({ path: [key], values: [value] })),
        { path: ['adversaries'], values: specs },
      ],
      folder,
      clock,
    },
    ({ label }, index, numRuns, isDone) => {
      console.error(`${index + 1} of ${numRuns}: ${label}${isDone ? ': done before' : ''}`)
      return quiet
    },
    new AbortController().signal,
  )
  const found = await readRuns(sweep.map((run) => run.folder))
  return found.map(({ record }) => record!)
}

function table(names: readonly string[], columns: readonly (readonly FinishedRun[])[]): string[] {
  const accuracies = columns.map((runs) => runs.map(accuracyOf))
  const row = (title: string, cells: readonly string[]) => `| ${[title, ...cells].join(' | ')} |`
  return [
    row(
      'attack',
      names.map((name) => `\`${name}\``),
    ),
    row(
      '---',
      names.map(() => '---'),
    ),
    ...Object.keys(attacks).map((attack, i) =>
      row(
        attack,
        accuracies.map((all) => percent(all[i]!)),
      ),
    ),
    row(
      'least',
      accuracies.map((all) => percent(Math.min(...all))),
    ),
  ]
}

/** Of the last round that was tested: a round whose candidate is not finite is not, and the model before it stays. */
const accuracyOf = ({ rounds }: FinishedRun): number =>
  rounds.findLast(({ accuracy }) => accuracy !== undefined)?.accuracy ?? NaN

const percent = (share: number): string => (Number.isNaN(share) ? '–' : (100 * share).toFixed(1))
