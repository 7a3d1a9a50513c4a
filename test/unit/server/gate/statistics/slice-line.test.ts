import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeRng, uniformInt } from '@panal/client-core'
import { sliceLine } from '../../../../../server/src/gate/statistics/slice-line.ts'
import { byRank, distinctSlices, type Slice } from '../../../../../server/src/gate/statistics/slice-rank.ts'
import { rowsOf, type CategoryTable, type Predicate } from '../../../../../server/src/gate/statistics/slice-table.ts'

// R's dataset Titanic (Dawson 1995): [class, sex, age, died, survived]; class 0–2 and 3 crew, sex 0 male, age 0 child.
const titanic = [
  [0, 0, 0, 0, 5],
  [1, 0, 0, 0, 11],
  [2, 0, 0, 35, 13],
  [0, 1, 0, 0, 1],
  [1, 1, 0, 0, 13],
  [2, 1, 0, 17, 14],
  [0, 0, 1, 118, 57],
  [1, 0, 1, 154, 14],
  [2, 0, 1, 387, 75],
  [3, 0, 1, 670, 192],
  [0, 1, 1, 4, 140],
  [1, 1, 1, 13, 80],
  [2, 1, 1, 89, 76],
  [3, 1, 1, 3, 20],
] as const

/** Errors of the rule "women survive, men do not". */
function titanicErrors(): { table: CategoryTable; errors: Float64Array } {
  const rows = titanic.flatMap(([cls, sex, age, died, survived]) => [
    ...Array.from({ length: died }, () => [cls, sex, age, sex] as const),
    ...Array.from({ length: survived }, () => [cls, sex, age, 1 - sex] as const),
  ])
  return {
    table: { columns: [0, 1, 2].map((c) => Int32Array.from(rows, (row) => row[c]!)), cardinalities: [4, 2, 2] },
    errors: Float64Array.from(rows, ([, , , error]) => error),
  }
}

describe('SliceLine on the Titanic (gate.md 2.10)', () => {
  const { table, errors } = titanicErrors()
  const third = { column: 0, code: 2 }
  const female = { column: 1, code: 1 }
  const adult = { column: 2, code: 1 }

  it('finds women of the third class first', () => {
    const top = sliceLine(table, errors, { alpha: 0.95, minSize: 20 }).slices
    expect(top[0]).toMatchObject({ predicates: [third, female], size: 196, errorSum: 106 })
    expect(top[0]!.score).toBeCloseTo(0.832273, 6)
    expect(top[1]!.predicates).toEqual([third, female, adult])
    expect(top[1]!.score).toBeCloseTo(0.72075, 6)
    expect(top[2]!.predicates).toEqual([third])
    expect(top[2]!.score).toBeCloseTo(0.109572, 6)
  })
  it('finds none where size counts for more', () => {
    expect(sliceLine(table, errors, { alpha: 0.6, minSize: 20 }).slices).toEqual([])
  })
  it('keeps one of two slices that are nearly the same rows', () => {
    const top = sliceLine(table, errors, { minSize: 20 }).slices
    // 165 adults of the 196: 84 %
    expect(distinctSlices(table, top, errors.length, 0.8).map(({ predicates }) => predicates)).not.toContainEqual([
      third,
      female,
      adult,
    ])
    expect(distinctSlices(table, top, errors.length, 0.9)).toHaveLength(top.length)
  })
})

/** The definition: every slice of up to `maxLevel` predicates, scored. */
function bruteForce(
  table: CategoryTable,
  errors: Float64Array,
  { alpha = 0.95, minSize = 1, maxLevel = 3, k = 10 },
): Slice[] {
  const n = errors.length
  const mean = errors.reduce((a, b) => a + b, 0) / n
  if (mean === 0) return []
  const found: Slice[] = []
  const extend = (predicates: Predicate[], from: number) => {
    if (predicates.length > 0) {
      const rows = rowsOf(table, { predicates }, n)
      const errorSum = rows.reduce((sum, row) => sum + errors[row]!, 0)
      if (rows.length < minSize || errorSum === 0) return
      const score = alpha * (errorSum / rows.length / mean - 1) - (1 - alpha) * (n / rows.length - 1)
      if (score > 0) found.push({ predicates, size: rows.length, errorSum, score })
    }
    if (predicates.length === maxLevel) return
    for (let column = from; column < table.columns.length; column++)
      for (let code = 0; code < table.cardinalities[column]!; code++)
        extend([...predicates, { column, code }], column + 1)
  }
  extend([], 0)
  return found.sort(byRank).slice(0, k)
}

describe('soundness', () => {
  const shape = fc.record({
    seed: fc.integer({ min: 0, max: 1e9 }),
    numRows: fc.integer({ min: 1, max: 40 }),
    cardinalities: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
    alpha: fc.constantFrom(0.6, 0.9, 0.95, 0.99, 1),
    minSize: fc.integer({ min: 1, max: 6 }),
    k: fc.integer({ min: 1, max: 6 }),
    maxLevel: fc.integer({ min: 1, max: 4 }),
  })

  it('equals brute force on 1000 random tables, also with more one-hot columns than rows', () => {
    let wide = 0
    fc.assert(
      fc.property(shape, ({ seed, numRows, cardinalities, ...options }) => {
        const rng = makeRng(seed)
        const columns = cardinalities.map((cardinality) =>
          Int32Array.from({ length: numRows }, () => (rng.uniform() < 0.1 ? -1 : uniformInt(rng, cardinality))),
        )
        // Quarters: sums are exact in any order, so that ties are ties.
        const errors = Float64Array.from({ length: numRows }, () => uniformInt(rng, 5) / 4)
        const table = { columns, cardinalities }
        if (cardinalities.reduce((a, b) => a + b, 0) > numRows) wide++
        expect(sliceLine(table, errors, options).slices).toEqual(bruteForce(table, errors, options))
      }),
      { seed: 4, numRuns: 1000 },
    )
    expect(wide).toBeGreaterThan(100)
  })

  it('equals brute force on larger tables with real slices in them, three and four levels deep', () => {
    for (let seed = 0; seed < 20; seed++) {
      const rng = makeRng(`large ${seed}`)
      const numRows = 1500
      // 40 values are counted row by row, few values as bits.
      const cardinalities = [2, 3, 4, 3, 5, ...(seed % 3 === 0 ? [40] : [])]
      const columns = cardinalities.map((cardinality) =>
        Int32Array.from({ length: numRows }, () => Math.floor(cardinality * rng.uniform() ** 2)),
      )
      const isHot = (row: number) => columns[0]![row] === 1 && columns[2]![row] === 1 && columns[4]![row]! <= 1
      const errors = Float64Array.from({ length: numRows }, (_, row) => uniformInt(rng, isHot(row) ? 17 : 5) / 4)
      const options = { alpha: 0.95, minSize: 10 + seed, maxLevel: 3 + (seed % 2), k: 4 + seed }
      const table = { columns, cardinalities }
      const found = sliceLine(table, errors, options).slices
      expect(found).toEqual(bruteForce(table, errors, options))
      expect(found.length).toBeGreaterThan(1)
    }
  })

  it('ends where it may look at no more slices, and says at which level; what it has seen by then is exact', () => {
    const rng = makeRng('cut')
    const columns = Array.from({ length: 12 }, () => Int32Array.from({ length: 600 }, () => uniformInt(rng, 2)))
    const table = { columns, cardinalities: columns.map(() => 2) }
    const errors = Float64Array.from({ length: 600 }, () => uniformInt(rng, 5) / 4)
    const [pairs, all] = [2, 3].map((maxLevel) => sliceLine(table, errors, { minSize: 5, maxLevel }))
    // 24 values, and 66 pairs of columns with 4 combinations each
    expect(pairs!.numCounted).toBeLessThanOrEqual(24 + 264)
    expect(pairs!.slices).toEqual(bruteForce(table, errors, { minSize: 5, maxLevel: 2 }))
    expect(all!.numCounted).toBeGreaterThan(pairs!.numCounted)
    expect([pairs!.unfinishedLevel, all!.unfinishedLevel]).toEqual([undefined, undefined])

    const most = { minSize: 5, maxLevel: 3 }
    expect(sliceLine(table, errors, { ...most, maxCounted: all!.numCounted })).toEqual(all)
    // The joins of level 3 are counted many at a time, and the first of them are too many already.
    expect(sliceLine(table, errors, { ...most, maxCounted: pairs!.numCounted + 1 })).toEqual({
      ...pairs,
      unfinishedLevel: 3,
    })
    expect(sliceLine(table, errors, { ...most, maxCounted: 23 })).toEqual({
      slices: [],
      numCounted: 0,
      unfinishedLevel: 1,
    })
    const cut = sliceLine(table, errors, { ...most, maxCounted: all!.numCounted - 1 })
    expect(cut.unfinishedLevel).toBe(3)
    expect(cut.numCounted).toBeLessThan(all!.numCounted)
  })

  it('refuses a code that its column does not have', () => {
    const table = { columns: [Int32Array.of(0, 2)], cardinalities: [2] }
    expect(() => sliceLine(table, Float64Array.of(0, 1), { minSize: 1 })).toThrow('code 2 in column 0 of 2')
  })

  it('finds nothing where nothing is wrong, and refuses an error below 0', () => {
    const table = { columns: [Int32Array.of(0, 1)], cardinalities: [2] }
    expect(sliceLine(table, Float64Array.of(0, 0), { minSize: 1 }).slices).toEqual([])
    expect(() => sliceLine(table, Float64Array.of(1, -1), { minSize: 1 })).toThrow(RangeError)
    expect(() => sliceLine(table, Float64Array.of(1, NaN), { minSize: 1 })).toThrow(RangeError)
  })
})
