import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import type { GateCheckSpec } from '@panal/server'
import { judgeRecorded } from '../../../../../server/src/gate/recorded/judge-recorded.ts'
import { openRecorded, type RecordedRequest } from '../../../../../server/src/gate/recorded/recorded-evaluation.ts'
import { drawn, shuffled, tableOf, without, type Columns } from '../../../../fixtures/recorded-files.ts'

const never = new AbortController().signal
const request: RecordedRequest = {
  name: 'recorded',
  columns: { label: 'label', candidate: 'p_new', champion: 'p_old' },
  segments: [],
  seed: 0,
}
type Change = Partial<Omit<RecordedRequest, 'columns'>> & { readonly columns?: Partial<RecordedRequest['columns']> }
const requestWith = ({ columns, ...change }: Change): RecordedRequest => ({
  ...request,
  ...change,
  columns: { ...request.columns, ...columns },
})
const open = (columns: Columns, change: Change = {}) => openRecorded(tableOf(columns), requestWith(change))
const judge = async (columns: Columns, change: Change = {}, specs?: readonly GateCheckSpec[]) =>
  judgeRecorded(await open(columns, change), specs, { signal: never })
const refusal = (columns: Columns, change: Change): Promise<unknown> =>
  open(columns, change).catch((error: unknown) => error)

describe('an evaluation of recorded predictions', () => {
  it('has answers and labels in the order of the ids, and knows where the file has each', async () => {
    const columns = { id: ['b', 'c', 'a'], label: [1, 0, 1], p_old: [0, 0, 0], p_new: [0.25, 0.5, 1] }
    const { evaluation } = await open(columns, { columns: { id: 'id' } })
    expect(await evaluation.examples('gate')).toMatchObject({
      numExamples: 3,
      ids: ['a', 'b', 'c'],
      rows: Int32Array.of(2, 0, 1),
      labels: Int32Array.of(1, 1, 0),
      classes: ['0', '1'],
    })
    expect(await evaluation.candidate.on('gate')).toEqual({
      probabilities: Float32Array.of(0, 1, 0.75, 0.25, 0.5, 0.5),
      labels: Int32Array.of(1, 1, 0),
      numClasses: 2,
    })
    expect([evaluation.candidate.params, evaluation.candidate.again, evaluation.candidate.under]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect([evaluation.calibration, evaluation.looks, evaluation.anchor]).toEqual([null, null, null])
  })
  it('judges by every row, and by the same ones on both sets, unless some are set aside', async () => {
    const { evaluation, sets } = await open(drawn({ n: 40 }))
    expect([sets.gate.length, sets.calibration, sets.by]).toEqual([40, null, 'none'])
    expect(await evaluation.examples('evaluation')).toBe(await evaluation.examples('gate'))
  })
  it('sets a share aside by a hash of the ids: the same rows, whatever else is in the file', async () => {
    const columns = drawn({ n: 500 })
    const aside = async (of: Columns) => {
      const opened = await open(of, { columns: { id: 'id' }, calibrationShare: 0.2 })
      return (await opened.evaluation.calibration!.examples()).ids
    }
    const ids = await aside(columns)
    // Binomial(500, .2): mean 100, standard deviation 8.9; outside 5 of them one seed in two million.
    expect(Math.abs(ids.length - 100)).toBeLessThan(45)
    expect(await aside(shuffled(without(columns, 'job', 'age'), makeRng(3)))).toEqual(ids)
  })
  it('sets clients aside whole', async () => {
    const { evaluation } = await open(drawn({ n: 500 }), { columns: { client: 'client' }, calibrationShare: 0.3 })
    const gate = new Set((await evaluation.examples('gate')).clusters)
    const calibration = new Set((await evaluation.calibration!.examples()).clusters)
    expect([gate.size > 20, calibration.size > 5]).toEqual([true, true])
    expect([...calibration].filter((client) => gate.has(client))).toEqual([])
  })
  it('puts rows where their column says', async () => {
    const set = ['gate', 'Calibration', 'gate', 'evaluation', 'calibration']
    const columns = { ...drawn({ n: 5 }), set }
    const { evaluation, sets } = await open(columns, { columns: { id: 'id', split: 'set' } })
    const idsOf = async (name: 'gate' | 'evaluation') => (await evaluation.examples(name)).ids
    expect([await idsOf('gate'), await idsOf('evaluation')]).toEqual([['row-0', 'row-2'], ['row-3']])
    expect((await evaluation.calibration!.examples()).ids).toEqual(['row-1', 'row-4'])
    expect((await evaluation.calibration!.of(evaluation.candidate)).labels).toHaveLength(2)
    expect(sets.by).toBe('column')
  })
  it('makes segments of the other columns, the true class first', async () => {
    const { evaluation, segments } = await open(drawn({ n: 200 }), { columns: { client: 'client' } })
    const { segments: columns } = await evaluation.examples('gate')
    expect(columns.map(({ name }) => name)).toEqual(['label', 'age', 'job'])
    expect(columns[2]!.values).toEqual(['a', 'b', 'c'])
    expect(columns[1]!.values).toHaveLength(10) // deciles
    expect(segments.leftOut).toEqual(['id'])
  })
  it('makes segments of a column of many texts where it is told to', async () => {
    const { segments } = await open(drawn({ n: 200 }), { segments: ['id', 'job+label'] })
    expect(segments.leftOut).toEqual([])
    expect(segments.columns.find(({ name }) => name === 'id')?.values).toHaveLength(51)
  })
  it('crosses columns that are joined by a plus, unless one is called so', async () => {
    const columns = { ...drawn({ n: 20 }), 'job+age': drawn({ n: 20 })['job']! }
    const declared = async (segments: string[]) => (await open(columns, { segments })).evaluation.document.segments
    expect(await declared(['job+label', 'job+age', 'age+job'])).toEqual([
      { columns: ['job', 'label'] },
      'job+age',
      { columns: ['age', 'job'] },
    ])
  })
  it('means the true class by the name of the label’s column, too', async () => {
    const columns: Columns = { y: [0, 1], p_old: [0, 1], p_new: [0, 1] }
    const { evaluation } = await open(columns, { columns: { label: 'y' }, segments: ['y'] })
    expect(evaluation.document.segments).toEqual(['label'])
  })
  it.each([
    ['a segment that is no column', { segments: ['town'] }, 'unknown-column', /--segments: .* town/],
    ['a split of no set', { columns: { split: 'job' } }, 'bad-split', /^row \d+: the split is "[abc]"/],
    ['a share that leaves a side empty', { calibrationShare: 1e-9 }, 'bad-split', /20 rows cannot be split/],
    ['ids that are none', { columns: { id: 'job' } }, 'duplicate-id', /^row \d+: the id "[abc]"/],
  ])('refuses %s', async (_, change, code, message) => {
    expect(await refusal(drawn({ n: 20 }), change)).toMatchObject({ code, message: expect.stringMatching(message) })
  })
  it('refuses a split in which no row judges', async () => {
    const columns = { ...drawn({ n: 2 }), set: ['calibration', 'calibration'] }
    expect(await refusal(columns, { columns: { split: 'set' } })).toMatchObject({ code: 'bad-split' })
  })
})

describe('a report on recorded predictions', () => {
  const everything: Change = {
    columns: { anchor: 'p_old', client: 'client' },
    segments: ['job', 'job+age'],
    calibrationShare: 0.2,
  }
  it.each([
    ['ids', { ...everything, columns: { ...everything.columns, id: 'id' } }, []],
    ['contents', everything, ['id']],
    ['contents that most rows share', everything, ['id', 'age']],
  ])('is the same bytes in any order of rows and columns, told by %s', async (_, change, left) => {
    const columns = without(drawn({ n: 400 }), ...left)
    const segments = columns['age'] === undefined ? ['job'] : change.segments!
    const report = async (of: Columns) => JSON.stringify(await judge(of, { ...change, segments }))
    const turned = Object.fromEntries(Object.entries(shuffled(columns, makeRng(9))).reverse())
    expect(await report(turned)).toBe(await report(columns))
  })
  it('does not take equal answers of two columns for no change, but one column named twice', async () => {
    const columns = drawn({ n: 2000 })
    const twin = { ...columns, p_twin: columns['p_old']! }
    expect((await judge(twin, { columns: { candidate: 'p_twin' } })).verdict).toBe('WARN') // of power
    expect((await judge(twin, { columns: { candidate: 'p_old' } })).verdict).toBe('NO_CHANGE')
  })
  it('without a champion compares with baselines', async () => {
    const { verdict, champion, checks } = await judge(drawn({ n: 500 }), { columns: { champion: null } })
    expect([verdict, champion]).toEqual(['PASS', null])
    expect(checks.map(({ check }) => check)).toEqual(['integrity', 'pin', 'baselines', 'calibration'])
  })
  it('says of what only a live model or a ledger can tell that it does not apply', async () => {
    const specs: GateCheckSpec[] = [{ name: 'determinism' }, { name: 'reuse' }, { name: 'pin' }, { name: 'baselines' }]
    const { checks } = await judge(drawn({ n: 300 }), {}, specs)
    expect(checks.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['integrity', 'PASS'],
      ['determinism', 'NOT_APPLICABLE'],
      ['reuse', 'NOT_APPLICABLE'],
      ['pin', 'PASS'],
      ['baselines', 'PASS'],
    ])
    const [integrity, , , pin, baselines] = checks
    expect(integrity?.reason).toMatch(/^Proper probabilities, and log loss/)
    expect(pin?.rows.map(({ metric }) => metric)).toEqual(['classes in the gate set', 'duplicates in the gate set'])
    expect(baselines?.rows.find(({ metric }) => metric.includes('logistic'))?.verdict).toBe('NOT_APPLICABLE')
  })
  it('refuses checks that do not go with the data, or that judge nothing', async () => {
    const three = { label: ['a', 'b', 'c'], p_a: [1, 0, 0], p_b: [0, 1, 0], p_c: [0, 0, 1] }
    const change = { columns: { candidate: 'prefix:p_', champion: 'prefix:p_' } }
    const auc: GateCheckSpec = { name: 'no-regression', against: 'champion', metric: 'auc' }
    const refused = (specs: readonly GateCheckSpec[]) => judge(three, change, specs).catch((error: unknown) => error)
    expect(await refused([auc])).toMatchObject({
      code: 'invalid-gate',
      lines: ['/checks/0/metric: auc needs 2 classes'],
    })
    expect(await refused([{ name: 'pin' }])).toMatchObject({
      code: 'invalid-gate',
      lines: [expect.stringMatching(/^\/checks: needs a check that says how good a model is/)],
    })
  })
})
