import { afterAll, describe, expect, it } from '@jest/globals'
import { makeRng, virtualClock, type CheckResult, type Params, type TableSchema } from '@panal/client-core'
import type { Evaluator, GateCheckSpec, GateSubject, TaskDocument } from '@panal/server'
import { makeEvaluator } from '../../../../server/src/gate/evaluator.ts'
import { makeGate } from '../../../../server/src/gate/gate.ts'
import { makeJudgeThreads } from '../../../../server/src/gate/judge-threads.ts'
import { gateDocument } from '../../../fixtures/gate-evaluation.ts'

const never = new AbortController().signal
const schema: TableSchema = {
  kind: 'table',
  columns: [
    { name: 'age', kind: 'numeric', mean: 40, std: 10, missing: 'mean' },
    { name: 'home', kind: 'categorical', values: ['rent', 'owner'], missing: 'zeros' },
  ],
  label: { column: 'paid' },
  classes: ['no', 'yes'],
}
/** Who is over 40 pays. */
function people(seed: string): string {
  const rng = makeRng(seed)
  const rows = Array.from({ length: 400 }, () => {
    const age = (20 + 40 * rng.uniform()).toFixed(2)
    return [age, rng.uniform() < 0.5 ? 'rent' : 'owner', Number(age) > 40 ? 'yes' : 'no'].join(',')
  })
  return ['age,home,paid', ...rows].join('\n')
}
const files: Readonly<Record<string, string>> = {
  evaluation: people('evaluation'),
  calibration: people('calibration'),
  gate: people('gate'),
  ['c'.repeat(64)]: 'age,home,paid\n20,rent,no\n21,owner,no\n60,rent,yes\n',
}

const evaluator = makeEvaluator({ readBlob: (sha256) => Promise.resolve(Buffer.from(files[sha256] ?? '')) })
const threads = makeJudgeThreads()
afterAll(() => Promise.all([evaluator.close(), threads.close()]))
let numVaried = 0
const counting: Evaluator = {
  ...evaluator,
  predictVaried: (request, signal) => {
    numVaried++
    return evaluator.predictVaried(request, signal)
  },
}

/** One logit for yes: `age` per ten years over 40, `owner` for owners. mlp without hidden layers: kernel [3, 2], bias [2]. */
const model = ({ age, owner }: { age: number; owner: number }): Params => Float32Array.of(0, age, 0, 0, 0, owner, 0, 0)
const models: Readonly<Record<number, Params>> = {
  0: model({ age: 0, owner: 0 }),
  1: model({ age: 3, owner: 0 }),
  2: model({ age: 4, owner: 0 }),
  3: model({ age: 3, owner: 8 }),
  4: model({ age: -3, owner: 0 }),
}
const gate = makeGate({
  evaluator: counting,
  threads,
  clock: virtualClock(),
  loadParams: (_, { version }) => Promise.resolve(models[version]!),
})

const checks: readonly GateCheckSpec[] = [
  { name: 'integrity', maxLossRatio: 1000 },
  { name: 'invariance', columns: ['home'] },
  { name: 'direction', expectations: [{ column: 'age', effect: 'up', class: 'yes', by: 5 }] },
  {
    name: 'robustness',
    variations: [
      { name: 'noise', severity: 2 },
      { name: 'missing', severity: 2 },
    ],
  },
  { name: 'cases', dataset: 'c'.repeat(64) },
]
const document: TaskDocument = {
  ...gateDocument(checks),
  data: schema,
  sets: { evaluation: 'evaluation', calibration: 'calibration', gate: 'gate' },
}
const ref = (version: number) => ({ version, weightsSha256: version.toString(16).padStart(64, '0') })
const subject = (candidate: number): GateSubject => ({
  document,
  candidate: ref(candidate),
  base: ref(0),
  champion: ref(1),
  anchor: ref(1),
})
async function judged(candidate: number): Promise<Record<string, CheckResult>> {
  const report = await gate.judge(subject(candidate), never)
  return Object.fromEntries(report.checks.map((result) => [result.check, result]))
}

describe('behavioural checks, on real models in the evaluation worker', () => {
  it('pass a model that goes by what it should', async () => {
    const found = await judged(2)
    expect(Object.values(found).map(({ check, verdict }) => [check, verdict])).toEqual([
      ['integrity', 'PASS'],
      ['invariance', 'PASS'],
      ['direction', 'PASS'],
      ['robustness', 'PASS'],
      ['cases', 'PASS'],
    ])
    // 200 of 400 are moved into a probability that float32 shows as 1 already, or not: all could have fallen
    expect(found['direction']!.rows[0]).toMatchObject({ estimate: 0 })
    // noise of a tenth of the quartiles' distance (about 20 years) loses some of those next to 40
    const [noise] = found['robustness']!.rows
    expect(noise!.n).toBe(400)
    expect(found['robustness']!.figures).toHaveLength(2)
  })
  it('block a model that goes by the column that must not matter', async () => {
    const { invariance, cases } = await judged(3)
    expect(invariance).toMatchObject({ verdict: 'BLOCK' })
    // the logit of owners is 3 · (21 − 40) / 10 + 8 = 2.3
    expect(cases).toMatchObject({ verdict: 'BLOCK', reason: expect.stringContaining('(case 2: “yes” where “no” is') })
  })
  it('block a model that pushes the other way, however the column is disturbed', async () => {
    const { direction, invariance } = await judged(4)
    expect(direction).toMatchObject({ verdict: 'BLOCK' })
    expect(invariance).toMatchObject({ verdict: 'PASS' })
  })
  it('run no model twice on the same examples: what the champion answered is kept', async () => {
    const before = numVaried
    await judged(2)
    expect(numVaried).toBe(before)
  })
  it('judge the same to the byte again, from nothing', async () => {
    const anew = makeGate({
      evaluator,
      threads,
      clock: virtualClock(),
      loadParams: (_, { version }) => Promise.resolve(models[version]!),
    })
    expect(JSON.stringify(await anew.judge(subject(3), never))).toBe(
      JSON.stringify(await gate.judge(subject(3), never)),
    )
  })
  it('judge the same whatever order the files’ rows have', async () => {
    const reversed = makeEvaluator({
      readBlob: (sha256) => {
        const [header = '', ...rows] = (files[sha256] ?? '').trimEnd().split('\n')
        return Promise.resolve(Buffer.from([header, ...(sha256.length < 64 ? rows.reverse() : rows)].join('\n')))
      },
    })
    const other = makeGate({
      evaluator: reversed,
      threads,
      clock: virtualClock(),
      loadParams: (_, { version }) => Promise.resolve(models[version]!),
    })
    expect(JSON.stringify(await other.judge(subject(3), never))).toBe(
      JSON.stringify(await gate.judge(subject(3), never)),
    )
    await reversed.close()
  })
  it('stop with the server', async () => {
    const stopped = gate.judge({ ...subject(2), document: { ...document, seed: 99 } }, AbortSignal.timeout(0))
    await expect(stopped).rejects.toThrow()
  })
})
