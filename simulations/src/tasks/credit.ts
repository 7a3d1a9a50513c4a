import { makeRng, readTable, shuffle, type TableSchema } from '@panal/client-core'
import type { TaskDocument } from '@panal/server'
import { creditCsv, creditLabel, fitCreditSchema, loadCredit, type CreditTable } from '../data/credit.ts'
import { splitByContent } from '../data/splits.ts'
import type { PreparedTask, PrepareOptions, SampleShard, StoredData } from './prepared-task.ts'
import { bySeverity } from './severities.ts'

const setShares = { train: 0.6, evaluation: 0.1, calibration: 0.1, gate: 0.2 }

/** Loan applications, 60 % for the devices and the rest for the server; statistics from the devices' part only. */
export async function prepareCredit({ seed }: PrepareOptions): Promise<PreparedTask> {
  const rng = makeRng(seed).fork('credit')
  const table = await loadCredit()
  const split = splitByContent(contentKeys(table), setShares, rng.fork('sets'))
  const schema = fitCreditSchema(table, split.train)
  const file = (indices: readonly number[]) => new TextEncoder().encode(creditCsv(table, indices))
  const shuffled = shuffle([...split.train], rng.fork('samples'))
  const samples = [0, 1].map((shard): SampleShard => {
    const indices = shuffled.slice(shard * sampleSize, (shard + 1) * sampleSize)
    return {
      label: `${sampleSize} loan applications, sample ${shard + 1}`,
      numExamples: sampleSize,
      bytes: file(indices),
    }
  })
  return {
    training: readTable(creditCsv(table, split.train), schema),
    sets: { evaluation: file(split.evaluation), calibration: file(split.calibration), gate: file(split.gate) },
    cases: new TextEncoder().encode([table.header, ...plainCases, ''].join('\n')),
    samples,
    document: (stored) => creditTask(stored, schema, seed),
  }
}

/**
 * Invented, and plain: years in one job, a home of one's own, much income and little to pay back; and the reverse. In the
 * order of the table's header: Status, Seniority, Home, Time, Age, Marital, Records, Job, Expenses, Income, Assets, Debt,
 * Amount, Price.
 */
const plainCases = [
  'good,20,owner,24,45,married,no,fixed,60,300,15000,0,500,1800',
  'good,15,owner,36,40,married,no,fixed,45,250,10000,0,700,2000',
  'bad,0,other,60,22,single,yes,partime,90,50,0,0,2000,2100',
  'bad,1,rent,60,25,single,yes,partime,75,60,0,500,1800,1900',
]

const sampleSize = 150

/** The same applicant with two outcomes is still the same applicant: the label is no part of the content. */
const contentKeys = ({ rows, columns }: CreditTable): string[] => {
  const features = Object.entries(columns).filter(([name]) => name !== creditLabel)
  return rows.map((_, row) => features.map(([, values]) => values[row]!).join(','))
}

/** The task document of `credit`. */
export const creditTask = ({ sets, cases, samples }: StoredData, schema: TableSchema, seed: number): TaskDocument => ({
  id: 'credit',
  title: 'Loan applications',
  description: 'Learns to tell from a loan application whether the loan will be paid back.',
  whatLeaves:
    'Only the change that your applications make to the model: a list of numbers, one for each of its weights. ' +
    'The applications themselves stay on your device.',
  seed,
  model: { builtin: 'mlp', hidden: [32] },
  loss: 'binary-crossentropy',
  metrics: ['accuracy'],
  data: schema,
  plan: {
    epochs: 2,
    batchSize: 16,
    learningRate: 0.05,
    optimizer: { name: 'sgd', momentum: 0.9 },
    clipNorm: 10,
    codec: 'f16',
  },
  strategy: {
    sampler: { name: 'least-recently-used' },
    checks: [
      { name: 'finite' },
      { name: 'max-norm', maxNorm: 12 },
      { name: 'weight-range', minExamples: 5, maxExamples: 10_000 },
    ],
    weight: 'examples',
    maxWeight: 500,
    aggregator: { name: 'mean' },
    serverOptimizer: { name: 'sgd', learningRate: 1 },
  },
  cohort: { size: 10, overSelection: 1.1, reportingGoal: 10, minimum: 5, deadlineMs: 60_000 },
  lease: { heartbeatMs: 5000, leaseMs: 20_000 },
  eligibility: { minExamples: 5 },
  rounds: { minIntervalMs: 200 },
  segments: ['Home', 'Marital', 'Job', 'Records'],
  sets,
  samples,
  gate: {
    checks: [
      { name: 'integrity' },
      { name: 'pin' },
      { name: 'determinism' },
      { name: 'power', margin: 0.03 },
      {
        name: 'baselines',
        rule: { column: 'Records', op: '=', value: 'yes', then: 'bad', otherwise: 'good' },
      },
      { name: 'floor', metric: 'accuracy', min: 0.75 },
      { name: 'floor', metric: 'auc', min: 0.75 },
      { name: 'no-regression', against: 'champion', margin: 0.03 },
      { name: 'no-regression', against: 'champion', metric: 'accuracy', margin: 0.03, critical: false },
      { name: 'no-regression', against: 'champion', metric: 'auc', margin: 0.02, critical: false },
      { name: 'no-regression', against: 'anchor', margin: 0.05 },
      { name: 'negative-flips' },
      { name: 'segments', margin: 0.05 },
      { name: 'masking', margin: 0.05 },
      { name: 'slices' },
      { name: 'calibration', margin: 0.03 },
      { name: 'segment-calibration' },
      { name: 'cases', dataset: cases, title: 'plain applications' },
      { name: 'invariance', columns: ['Marital'], tolerance: 1, block: 0.3 },
      {
        name: 'direction',
        expectations: [
          { column: 'Income', effect: 'up', class: 'good' },
          { column: 'Amount', effect: 'down', class: 'good' },
        ],
      },
      {
        name: 'robustness',
        variations: bySeverity(['noise', 'missing'], [1, 2, 3]),
        margin: 0.03,
      },
      { name: 'reuse' },
    ],
  },
})
