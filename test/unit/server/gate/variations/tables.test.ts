import { describe, expect, it } from '@jest/globals'
import { makeRng, type TableSchema } from '@panal/client-core'
import type { VariationSpec } from '@panal/server'
import { variationMisfits } from '../../../../../server/src/gate/variations/registry.ts'
import { vary } from '../../../../../server/src/gate/variations/vary.ts'
import { gateDocument } from '../../../../fixtures/gate-evaluation.ts'
import { imageSchema, people, tableOf, tableSchema } from '../../../../fixtures/varying-examples.ts'

const seed = 7
/** What one column holds under a variation, in the order of the file: `town` counts its rows. */
function column(name: string, csv: string, spec: VariationSpec, schema: TableSchema = tableSchema): string[] {
  const { dataset } = vary(tableOf(csv, schema), schema, { ...spec, seed })
  const found: string[] = []
  dataset.columns!['town']!.forEach((town, row) => (found[Number(town)] = dataset.columns![name]![row]!))
  return found
}
const csvOf = (...rows: readonly string[]): string =>
  ['age,rate,home,job,paid,town', ...rows.map((row, i) => `${row},no,${i}`)].join('\n')
const ages = (...values: readonly (number | string)[]): string => csvOf(...values.map((age) => `${age},,,`))
const homes = (...values: readonly string[]): string => csvOf(...values.map((home) => `,,${home},`))
/** Each example's own stream of chance, in the order of `people`. */
const streams = (name: string, ids: readonly string[]) => ids.map((id) => makeRng(seed).fork(name).fork(id))

describe('noise', () => {
  it('adds normal draws of so many interquartile ranges, rounds whole columns and keeps to the range', () => {
    const examples = people(200)
    const { dataset } = vary(examples, tableSchema, { name: 'noise', severity: 5, seed })
    const was = examples.dataset.columns!
    const present = was['age']!.filter((raw) => raw !== '')
      .map(Number)
      .sort((a, b) => a - b)
    const at = (p: number) => {
      const [low, rest] = [Math.floor(p * (present.length - 1)), (p * (present.length - 1)) % 1]
      return present[low]! * (1 - rest) + present[low + 1]! * rest
    }
    const std = 0.5 * (at(0.75) - at(0.25))
    const expected = streams('noise', examples.ids).map((rng, row) => {
      const raw = was['age']![row]!
      const moved = Math.round(Number(raw) + std * rng.normal())
      return raw === '' ? '' : String(Math.min(Math.max(moved, present[0]!), present.at(-1)!))
    })
    expect(dataset.columns!['age']).toEqual(expected)
    expect(expected.filter((raw, row) => raw !== was['age']![row]).length).toBeGreaterThan(100)
  })
  it('leaves categories, missing values, and columns whose middle half is one value', () => {
    const shown = csvOf('30,,rent,fixed', '30,0.1,owner,fixed', '30,0.4,rent,', '99,0.9,rent,fixed')
    const spec = { name: 'noise', severity: 5 } as const
    // quartiles of 30, 30, 30, 99: 30 and 47.25; of 30, 30, 30, 30, 99 both are 30
    expect(column('age', shown, spec)).not.toEqual(['30', '30', '30', '99'])
    expect(column('age', ages(30, 30, 30, 30, 99), spec)).toEqual(['30', '30', '30', '30', '99'])
    expect(column('home', shown, spec)).toEqual(['rent', 'owner', 'rent', 'rent'])
    expect(column('rate', shown, spec)[0]).toBe('')
  })
})

describe('missing', () => {
  it('loses each value whose draw is under the share, column by column', () => {
    const examples = people(100)
    const { columns } = vary(examples, tableSchema, { name: 'missing', severity: 4, seed }).dataset
    streams('missing', examples.ids).forEach((rng, row) => {
      for (const { name } of tableSchema.columns)
        expect(columns![name]![row]).toBe(rng.uniform() < 0.3 ? '' : examples.dataset.columns![name]![row])
    })
  })
  it('loses at a harsher severity what it lost at a milder one', () => {
    const lost = ([1, 2, 3, 4, 5] as const).map((severity) => {
      const { applies } = vary(people(100), tableSchema, { name: 'missing', severity, seed })
      return [...applies.keys()].filter((row) => applies[row] === 1)
    })
    for (let i = 1; i < lost.length; i++) expect(lost[i]).toEqual(expect.arrayContaining(lost[i - 1]!))
    expect(lost[4]!.length).toBeGreaterThan(lost[0]!.length)
  })
  it('is the mean, zeros or the indicator, as the schema says', () => {
    const { dataset } = vary(people(100), tableSchema, { name: 'missing', severity: 5, seed })
    const lost = dataset.columns!['age']!.findIndex((raw, row) => raw === '' && dataset.columns!['rate']![row] === '')
    // age · rate, rate missing · rent, owner, parents · fixed, freelance, NA, job missing
    expect([...dataset.x.subarray(lost * 10, lost * 10 + 3)]).toEqual([0, 0, 1])
  })
})

describe('swap-category', () => {
  const spec = { name: 'swap-category', severity: 5 } as const
  it('takes another listed value, any of them, for about the share of the values', () => {
    const shown = new Array<string>(400).fill('owner')
    const counts = new Map<string, number>()
    // equal rows would share a stream: the age tells them apart
    for (const home of column('home', csvOf(...shown.map((home, i) => `${i},,${home},`)), spec))
      counts.set(home, (counts.get(home) ?? 0) + 1)
    // 400 draws of ½ and then of ½ each: standard deviations 10 and 8.7
    expect(Math.abs(counts.get('owner')! - 200)).toBeLessThan(40)
    expect(Math.abs(counts.get('rent')! - 100)).toBeLessThan(35)
    expect(counts.get('rent')! + counts.get('parents')! + counts.get('owner')!).toBe(400)
  })
  it('leaves missing and unlisted values, and numbers', () => {
    const rows = Array.from({ length: 50 }, (_, i) => `${i},,${i % 2 === 0 ? 'tent' : ''},`)
    expect(column('home', csvOf(...rows), spec)).toEqual(rows.map((_, i) => (i % 2 === 0 ? 'tent' : '')))
    expect(column('age', csvOf(...rows), spec)).toEqual(rows.map((_, i) => String(i)))
  })
  it('leaves a column that lists one value only', () => {
    const schema: TableSchema = {
      ...tableSchema,
      columns: [{ name: 'home', kind: 'categorical', values: ['rent'], missing: 'zeros' }],
    }
    expect(column('home', homes('rent', 'rent'), spec, schema)).toEqual(['rent', 'rent'])
  })
})

describe('clip-text', () => {
  it('keeps 20, 12, 8, 5 or 3 letters of a category', () => {
    const shown = csvOf(',,parents,freelance', ',,rent,fixed')
    const at = (severity: 1 | 2 | 3 | 4 | 5, name: string) => column(name, shown, { name: 'clip-text', severity })
    expect(([1, 2, 3, 4, 5] as const).map((severity) => at(severity, 'job'))).toEqual([
      ['freelance', 'fixed'],
      ['freelance', 'fixed'],
      ['freelanc', 'fixed'],
      ['freel', 'fixed'],
      ['fre', 'fix'],
    ])
    expect(at(5, 'home')).toEqual(['par', 'ren'])
  })
  it('makes what it cuts an unlisted value, unless what is left is listed; letters are whole', () => {
    const schema: TableSchema = {
      ...tableSchema,
      columns: [{ name: 'home', kind: 'categorical', values: ['own', 'owner', '🏠🏡🏘🏚'], missing: 'indicator' }],
    }
    const { dataset } = vary(tableOf(homes('owner'), schema), schema, { name: 'clip-text', severity: 5, seed })
    expect([...dataset.x]).toEqual([1, 0, 0, 0])
    const houses = vary(tableOf(homes('🏠🏡🏘🏚'), schema), schema, { name: 'clip-text', severity: 5, seed })
    expect(houses.dataset.columns!['home']).toEqual(['🏠🏡🏘'])
    expect([...houses.dataset.x]).toEqual([0, 0, 0, 1])
  })
})

describe('permute-column', () => {
  it('hands the values on in one ring: nobody keeps their own, and the column keeps its values', () => {
    const shown = Array.from({ length: 30 }, (_, i) => 20 + i)
    const found = column('age', ages(...shown), { name: 'permute-column', column: 'age' }).map(Number)
    expect(found.filter((age, i) => age === shown[i])).toEqual([])
    expect([...found].sort((a, b) => a - b)).toEqual(shown)
    let [at, steps] = [0, 0]
    do {
      at = found[at]! - 20
      steps++
    } while (at !== 0)
    expect(steps).toBe(30)
  })
  it('does not count those who get what they had', () => {
    const shown = tableOf(ages(1, 1, 1, 1), tableSchema)
    expect([...vary(shown, tableSchema, { name: 'permute-column', column: 'age', seed }).applies]).toEqual([0, 0, 0, 0])
  })
  it('touches no other column', () => {
    const { dataset } = vary(people(30), tableSchema, { name: 'permute-column', column: 'home', seed })
    const before = people(30).dataset.columns!
    expect({ ...dataset.columns, home: before['home'] }).toEqual(before)
  })
})

describe('set-column', () => {
  it('is the same everywhere, missing ones included; who had it is no case', () => {
    const spec = { name: 'set-column', column: 'home', value: 'owner' } as const
    const shown = homes('rent', 'owner', '', 'tent')
    expect(column('home', shown, spec)).toEqual(['owner', 'owner', 'owner', 'owner'])
    const { applies, dataset } = vary(tableOf(shown), tableSchema, { ...spec, seed })
    expect([...applies]).toEqual(dataset.columns!['town']!.map((town) => (town === '1' ? 0 : 1)))
  })
  it('of nothing is missing: the mean, and the indicator', () => {
    const { dataset } = vary(tableOf(csvOf('30,0.9,rent,fixed')), tableSchema, {
      name: 'set-column',
      column: 'rate',
      value: '',
      seed,
    })
    expect([...dataset.x]).toEqual([-1, 0, 1, 1, 0, 0, 1, 0, 0, 0])
  })
})

describe('move-column', () => {
  const shown = ages(20, 30, 30, '', 40, 60)
  const move = (step: { by: number } | { quantiles: number }) =>
    column('age', shown, { name: 'move-column', column: 'age', ...step })
  it('by an amount: whole where the column is, up to the ends of the range; missing stays missing', () => {
    expect(move({ by: 5 })).toEqual(['25', '35', '35', '', '45', '60'])
    expect(move({ by: 5.4 })).toEqual(['25', '35', '35', '', '45', '60'])
    expect(move({ by: -15 })).toEqual(['20', '20', '20', '', '25', '45'])
  })
  it('by quantiles: past that share of the values, counted from the last (or first) of its equals', () => {
    // of 20 30 30 40 60, 0.2 is one value: 20 → 30, 30 → 40, 40 → 60
    expect(move({ quantiles: 0.2 })).toEqual(['30', '40', '40', '', '60', '60'])
    expect(move({ quantiles: 1 })).toEqual(['60', '60', '60', '', '60', '60'])
    expect(move({ quantiles: -0.2 })).toEqual(['20', '20', '20', '', '30', '40'])
    expect(move({ quantiles: -0.4 })).toEqual(['20', '20', '20', '', '30', '30'])
  })
  it('does not count who is at the end of the range already', () => {
    const { applies, dataset } = vary(tableOf(shown), tableSchema, { name: 'move-column', column: 'age', by: 5, seed })
    expect([...applies]).toEqual(dataset.columns!['town']!.map((town) => (['3', '5'].includes(town) ? 0 : 1)))
  })
})

describe('a variation of a column', () => {
  const misfits = (spec: VariationSpec, data: Parameters<typeof variationMisfits>[1]['data'] = tableSchema) =>
    variationMisfits(spec, { ...gateDocument(), data })
  it('must name a feature: what the model does not see cannot matter', () => {
    for (const spec of [
      { name: 'permute-column', column: 'town' },
      { name: 'set-column', column: 'town', value: '1' },
      { name: 'move-column', column: 'town', by: 1 },
    ] as const) {
      expect(misfits(spec)).toEqual([{ path: '/column', message: 'is none of data.columns: town' }])
      expect(misfits(spec, imageSchema)).toEqual([{ path: '/column', message: 'images have no columns' }])
    }
  })
  it('must set what the column can hold', () => {
    const set = (column: string, value: string) => misfits({ name: 'set-column', column, value })
    expect(set('home', 'tent')).toEqual([{ path: '/value', message: 'must be a value that home lists' }])
    expect(set('age', 'old')).toEqual([{ path: '/value', message: 'must be a number' }])
    expect([set('home', 'rent'), set('home', ''), set('age', ''), set('age', '-3.5'), set('job', 'NA')].flat()).toEqual(
      [],
    )
  })
  it('must move a number, one way of counting at a time', () => {
    expect(misfits({ name: 'move-column', column: 'home', by: 1 })).toEqual([
      { path: '/column', message: 'must be numeric' },
    ])
    const both = [{ path: '/by', message: 'give either this or quantiles' }]
    expect(misfits({ name: 'move-column', column: 'age' })).toEqual(both)
    expect(misfits({ name: 'move-column', column: 'age', by: 1, quantiles: 0.1 })).toEqual(both)
  })
})
