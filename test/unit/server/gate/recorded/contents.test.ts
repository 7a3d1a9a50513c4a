import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { judgeRecorded } from '../../../../../server/src/gate/recorded/judge-recorded.ts'
import { openRecorded } from '../../../../../server/src/gate/recorded/recorded-evaluation.ts'
import type { ColumnNames } from '../../../../../server/src/gate/recorded/roles.ts'
import { shuffled, tableOf, without, type Columns } from '../../../../fixtures/recorded-files.ts'

const n = 600
/** Income and height say what an example is; ids are all different. */
function people(): Columns {
  const rng = makeRng('people')
  const rows = Array.from({ length: n }, (_, i) => {
    const z = 2 * rng.normal()
    return {
      id: `row-${i}`,
      label: i % 3 === 0 ? 1 : 0,
      set: i % 2 === 0 ? 'gate' : 'calibration',
      home: i % 5 === 0 ? 'rent' : 'own',
      income: Math.round(1e6 * rng.uniform()),
      height: 150 + Math.round(400 * rng.uniform()) / 10,
      p_new: 1 / (1 + Math.exp(-z)),
    }
  })
  return Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, rows.map((row) => row[name as 'id'])]))
}

/** Row `to` becomes what row `from` is, but for its id and its set. */
function repeated(columns: Columns, pairs: readonly (readonly [number, number])[]): Columns {
  const own = new Set(['id', 'set'])
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => {
      const changed = [...values]
      if (!own.has(name)) for (const [from, to] of pairs) changed[to] = values[from]!
      return [name, changed]
    }),
  )
}

async function pin(columns: Columns, names: Partial<ColumnNames> = {}) {
  const recorded = await openRecorded(tableOf(columns), {
    name: 'recorded',
    columns: {
      label: 'label',
      candidate: 'p_new',
      champion: null,
      split: 'set',
      ...('id' in columns && { id: 'id' }),
      ...names,
    },
    segments: [],
    seed: 0,
  })
  const { checks } = await judgeRecorded(recorded, [{ name: 'pin' }, { name: 'baselines' }], {
    signal: new AbortController().signal,
  })
  const { verdict, reason, rows } = checks[1]!
  const row = (metric: string) => rows.find((each) => each.metric === metric)
  return {
    verdict,
    reason,
    duplicates: row('duplicates in the gate set'),
    overlap: row('overlap of the calibration and the gate set'),
  }
}

describe('whether an example is there twice, in recorded predictions', () => {
  it('two rows that are alike in all but their ids are one example', async () => {
    expect(await pin(people())).toMatchObject({
      verdict: 'PASS',
      duplicates: { verdict: 'PASS', estimate: 0, n: n / 2 },
      overlap: { verdict: 'PASS', estimate: 0 },
    })
    const found = await pin(
      repeated(people(), [
        [0, 2],
        [4, 6],
      ]),
    )
    expect(found).toMatchObject({ verdict: 'WARN', duplicates: { verdict: 'WARN', estimate: 2 / 300 } })
    expect(found.reason).toBe('2 examples of the 300 in the gate set repeat another one (0.67 %).')
  })
  it('blocks where rows of the calibration set judge as well', async () => {
    // An even row is the gate's, an odd one for calibration: 3 of 300 distinct ones are in both.
    const leaked = repeated(people(), [
      [0, 1],
      [4, 5],
      [8, 9],
    ])
    expect(await pin(leaked)).toMatchObject({
      verdict: 'BLOCK',
      reason: '3 examples of the gate set are in the calibration set as well (1.00 % of the smaller).',
      duplicates: { estimate: 0 },
    })
    expect(await pin(shuffled(leaked, makeRng(2)))).toEqual(await pin(leaked))
    // Without ids, too: rows are then told apart by more than their content.
    expect(await pin(without(leaked, 'id'))).toMatchObject({ verdict: 'BLOCK' })
  })
  it('another label makes no other example of it', async () => {
    const leaked = repeated(people(), [[0, 1]])
    const label = leaked['label']!.map((each, row) => (row === 1 ? 1 - Number(each) : each))
    expect((await pin({ ...leaked, label })).overlap).toMatchObject({ estimate: 1 / 300, verdict: 'BLOCK' })
  })
  it('rows that the model answers differently are different, unless the columns were named for it', async () => {
    const leaked = repeated(people(), [
      [0, 1],
      [4, 5],
    ])
    const answered = { ...leaked, p_new: leaked['p_new']!.map((p, row) => (row === 1 ? Number(p) * 0.9 : p)) }
    expect((await pin(answered)).overlap).toMatchObject({ estimate: 1 / 300 })
    expect((await pin(answered, { content: ['income', 'height'] })).overlap).toMatchObject({ estimate: 2 / 300 })
  })
  it('cannot be told of predictions alone, nor of a few columns that many share', async () => {
    const alone = without(people(), 'home', 'income', 'height')
    for (const [columns, because] of [
      [alone, 'The data say nothing of an example but its label and what models made of it'],
      [
        without(people(), 'income', 'height'),
        'The 600 rows have 2 different values of home, which do not tell examples apart',
      ],
    ] as const) {
      const reason = `${because}, so whether one is there twice cannot be told.`
      expect(await pin(columns)).toEqual({
        verdict: 'PASS',
        reason: 'The set has examples of every class. Whether any are there twice cannot be told.',
        duplicates: { metric: 'duplicates in the gate set', verdict: 'NOT_APPLICABLE', reason },
        overlap: { metric: 'overlap of the calibration and the gate set', verdict: 'NOT_APPLICABLE', reason },
      })
    }
  })
  it('a file that has every row twice is found out', async () => {
    const once = people()
    const twice = Object.fromEntries(
      Object.entries(once).map(([name, values]) => [
        name,
        name === 'id' ? [...values, ...values.map((id) => `${id}b`)] : [...values, ...values],
      ]),
    )
    expect((await pin(twice)).duplicates).toMatchObject({ verdict: 'WARN', estimate: 0.5 })
  })
  it('refuses a column of contents that is none, or is something else', async () => {
    await expect(pin(people(), { content: ['weight'] })).rejects.toMatchObject({ code: 'unknown-column' })
    await expect(pin(people(), { content: ['label'] })).rejects.toMatchObject({ code: 'bad-argument' })
  })
})
