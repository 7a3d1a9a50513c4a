import { describe, expect, it } from '@jest/globals'
import {
  isMissing,
  makeRng,
  numFeatures,
  rowEncoder,
  shuffle,
  subset,
  type DataSchema,
  type Dataset,
} from '@panal/client-core'
import { variationMisfits, variations, type VariationSpec } from '../../server/src/gate/variations/registry.ts'
import type { VaryingExamples } from '../../server/src/gate/variations/variation.ts'
import { vary } from '../../server/src/gate/variations/vary.ts'
import { gateDocument } from '../fixtures/gate-evaluation.ts'
import { imagesOf, imageSchema, people, spots, tableOf, tableSchema } from '../fixtures/varying-examples.ts'

const severities = [1, 2, 3, 4, 5] as const
/** Settings to try each variation with: a new one adds its own here, or this does not compile. */
const specs: { [Name in keyof typeof variations]: readonly Extract<VariationSpec, { name: Name }>[] } = {
  noise: severities.map((severity) => ({ name: 'noise', severity })),
  missing: severities.map((severity) => ({ name: 'missing', severity })),
  'swap-category': severities.map((severity) => ({ name: 'swap-category', severity })),
  'clip-text': severities.map((severity) => ({ name: 'clip-text', severity })),
  shift: severities.map((severity) => ({ name: 'shift', severity })),
  rotate: severities.map((severity) => ({ name: 'rotate', severity })),
  blur: severities.map((severity) => ({ name: 'blur', severity })),
  contrast: severities.map((severity) => ({ name: 'contrast', severity })),
  brightness: severities.map((severity) => ({ name: 'brightness', severity })),
  'pixel-noise': severities.map((severity) => ({ name: 'pixel-noise', severity })),
  'permute-column': tableSchema.columns.map(({ name: column }) => ({ name: 'permute-column', column })),
  'set-column': [
    { name: 'set-column', column: 'age', value: '33' },
    { name: 'set-column', column: 'rate', value: '' },
    { name: 'set-column', column: 'home', value: 'owner' },
    { name: 'set-column', column: 'job', value: 'NA' },
  ],
  'move-column': [
    { name: 'move-column', column: 'age', by: 5 },
    { name: 'move-column', column: 'age', by: -0.4 },
    { name: 'move-column', column: 'rate', quantiles: 0.25 },
    { name: 'move-column', column: 'rate', quantiles: -1 },
  ],
}

const all: VariationSpec[] = Object.values(specs).flat()
const isOfImages = (spec: VariationSpec): boolean => misfits(spec, tableSchema).length > 0
const misfits = (spec: VariationSpec, data: DataSchema) => variationMisfits(spec, { ...gateDocument(), data })
const entries = all.map((spec): [string, VariationSpec] => [JSON.stringify(spec), spec])

it('tries every variation of the registry', () => {
  expect(Object.keys(specs).sort()).toEqual(Object.keys(variations).sort())
})

describe.each(entries)('variation %s', (_, spec) => {
  const [schema, examples] = isOfImages(spec)
    ? ([imageSchema, spots(30)] as const)
    : ([tableSchema, people(60)] as const)
  const under = (shown: VaryingExamples, seed = 1) => vary(shown, schema, { ...spec, seed })

  it('gives the same bytes again', () => {
    expect(under(examples)).toEqual(under(examples))
  })
  it('does not touch what it is shown', () => {
    const before = structuredClone(examples)
    under(examples)
    expect(examples).toEqual(before)
  })
  it('gives every example the same whatever their order is', () => {
    const order = shuffle(Int32Array.from(examples.ids.keys()), makeRng(3))
    const shuffled = { dataset: subset(examples.dataset, order), ids: Array.from(order, (row) => examples.ids[row]!) }
    const varied = under(examples)
    const ofShuffled = under(shuffled)
    expect(ofShuffled.dataset).toEqual(subset(varied.dataset, order))
    expect([...ofShuffled.applies]).toEqual(Array.from(order, (row) => varied.applies[row]))
  })
  it('keeps the examples, their labels and their shape', () => {
    const { dataset } = under(examples)
    expect({ ...dataset, x: null, columns: null }).toEqual({ ...examples.dataset, x: null, columns: null })
    expect(dataset.x).toHaveLength(examples.dataset.x.length)
  })
  it('says exactly which examples a model sees otherwise', () => {
    const { dataset, applies } = under(examples)
    expect([...applies]).toEqual(rowsOf(dataset).map((row, i) => (isEqual(row, rowsOf(examples.dataset)[i]!) ? 0 : 1)))
  })
  it('makes examples that a device could have sent', () => {
    const { dataset } = under(examples)
    if (schema.kind === 'image') expectBytes(dataset)
    else expectTable(dataset, examples.dataset)
  })
  it('takes one example, and repeated ones', () => {
    for (const rows of [[0], [0, 0, 0]]) {
      const few = { dataset: subset(examples.dataset, rows), ids: rows.map(() => examples.ids[0]!) }
      const { dataset } = under(few)
      const [first] = rowsOf(dataset)
      for (const row of rowsOf(dataset)) expect(row).toEqual(first)
    }
  })
  it('takes examples without any spread or value', () => {
    const plain = schema.kind === 'image' ? imagesOf(new Uint8Array(2 * 14 * 12 * 2), imageSchema) : tableOf(empty)
    expect(under(plain).dataset.x.every(Number.isFinite)).toBe(true)
  })
  it('fits its own kind of data, and no other', () => {
    expect(misfits(spec, schema)).toEqual([])
    expect(misfits(spec, schema.kind === 'image' ? tableSchema : imageSchema)).toHaveLength(1)
  })
})

/** Nothing is known of anybody. */
const empty = 'age,rate,home,job,paid\n,,,,no\n,NA,,,yes\n'

it.each(Object.keys(variations).filter((name) => 'severity' in variations[name as keyof typeof variations].options))(
  '%s goes further with each severity, and with another seed somewhere else unless it draws nothing',
  (name) => {
    const of = all.filter((spec) => spec.name === name)
    const [schema, examples] = isOfImages(of[0]!)
      ? ([imageSchema, spots(30)] as const)
      : ([tableSchema, people(60)] as const)
    const under = (spec: VariationSpec, seed = 1) => vary(examples, schema, { ...spec, seed }).dataset
    const distances = of.map((spec) => distance(under(spec), examples.dataset))
    expect(distances).toEqual([...distances].sort((a, b) => a - b))
    expect(distances[0]).toBeLessThan(distances.at(-1)!)
    const drawsNothing = ['clip-text', 'blur', 'contrast'].includes(name)
    expect(isEqual(under(of[4]!).x, under(of[4]!, 2).x)).toBe(drawsNothing)
  },
)

function expectBytes({ x }: Dataset): void {
  const bytes = Array.from(x, (value) => Math.round(255 * value))
  expect(Math.min(...bytes)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...bytes)).toBeLessThanOrEqual(255)
  expect(x).toEqual(Float32Array.from(bytes, (byte) => byte / 255))
}

/** Encodes as its raw values say; numbers stay whole where they were, and in their range; the rest stays. */
function expectTable(dataset: Dataset, before: Dataset): void {
  const [is, was] = [dataset.columns!, before.columns!]
  expect(is['town']).toEqual(was['town'])
  expect(is['paid']).toEqual(was['paid'])
  const ages = numbers(is['age']!)
  expect(ages.every(Number.isInteger)).toBe(true)
  for (const name of ['age', 'rate']) {
    const present = numbers(was[name]!)
    const [least, most] = [Math.min(...present), Math.max(...present)]
    expect(numbers(is[name]!).filter((value) => value < least || value > most)).toEqual([])
  }
  const encode = rowEncoder(tableSchema)
  const encoded = rowsOf(dataset).map((_, i) => {
    const features = new Float32Array(numFeatures(tableSchema))
    encode((column) => is[tableSchema.columns[column]!.name]![i]!, features, throwing)
    return features
  })
  // `NA` is a job here, and is kept as missing among the raw values: only jobs that were varied can be held against them.
  const isJobKept = (i: number): boolean => is['job']![i] === '' && was['job']![i] === ''
  const compared = (row: Float32Array, i: number) => [...row.subarray(0, isJobKept(i) ? -4 : undefined)]
  expect(rowsOf(dataset).map(compared)).toEqual(encoded.map(compared))
}

const throwing = (column: string, message: string): never => {
  throw new Error(`${column}: ${message}`)
}
const numbers = (values: readonly string[]): number[] => values.filter((raw) => !isMissing(raw)).map(Number)
const rowsOf = ({ x, numExamples }: Dataset): Float32Array[] =>
  Array.from({ length: numExamples }, (_, i) =>
    x.subarray((i * x.length) / numExamples, ((i + 1) * x.length) / numExamples),
  )
const isEqual = (a: Float32Array, b: Float32Array): boolean => a.every((value, i) => value === b[i])
const distance = (a: Dataset, b: Dataset): number => a.x.reduce((sum, value, i) => sum + Math.abs(value - b.x[i]!), 0)
