import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  addUpdate,
  clearSum,
  emptySum,
  aggregators,
  maxSummed,
  mergeSum,
  resultOfSum,
  sumLength,
  type Summand,
  type UpdateSum,
} from '@panal/server'

const size = 3
const mean = aggregators.mean.make({}).linear!
const lengthFor = (numParams: number): number => sumLength(mean, numParams)
const weighted = (weight: number): Summand => ({ coefficients: [weight], scalars: [weight] })
interface Update {
  readonly delta: Float32Array
  readonly weight: number
}

/** From values that underflow the finer unit to ones that fill the coarser. */
const magnitude = fc.tuple(fc.float({ noNaN: true, min: -1, max: 1 }), fc.integer({ min: -60, max: 16 }))
const value = magnitude.map(([mantissa, exponent]) => Math.fround(mantissa * 2 ** exponent))
const weight = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.double({ noNaN: true, min: 1e-3, max: 1000 }))
const update: fc.Arbitrary<Update> = fc.record({
  delta: fc.array(value, { minLength: size, maxLength: size }).map((values) => Float32Array.from(values)),
  weight,
})
const updates = fc.array(update, { minLength: 1, maxLength: 40 })

function sumOf(list: readonly Update[]): UpdateSum {
  const sum = emptySum(lengthFor(size))
  for (const each of list) addUpdate(sum, each.delta, weighted(each.weight))
  return sum
}

/** A tree of partial sums: the list is cut at the first place, each part again at the next, and so on. */
function treeSum(list: readonly Update[], cuts: readonly number[]): UpdateSum {
  const [cut, ...rest] = cuts
  if (cut === undefined || list.length < 2) return sumOf(list)
  const at = 1 + (cut % (list.length - 1))
  const left = treeSum(list.slice(0, at), rest)
  const right = treeSum(list.slice(at), rest)
  mergeSum(right, left)
  return right
}

const bytesOf = ({ high, low, count, reach }: UpdateSum) =>
  Buffer.concat([Buffer.from(high.buffer), Buffer.from(low.buffer), Buffer.from(`${count}/${reach}`)])

/** A double below 2^100 as a multiple of 2^-1100: exact, for every double is a multiple of 2^-1074. */
const scale = 1100
function exactly(number: number): bigint {
  let [mantissa, exponent] = [number, 0]
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2
    exponent += 1
  }
  return BigInt(mantissa) << BigInt(scale - exponent)
}

describe('the sum of updates', () => {
  it('[R15] has the same bytes whatever the order and the grouping', () => {
    fc.assert(
      fc.property(updates, fc.array(fc.nat(), { maxLength: 4 }), fc.infiniteStream(fc.double()), (list, cuts, keys) => {
        const ranked = list.map((each) => ({ each, key: keys.next().value as number }))
        const shuffled = ranked.sort((a, b) => a.key - b.key).map(({ each }) => each)
        expect(bytesOf(treeSum(shuffled, cuts)).equals(bytesOf(sumOf(list)))).toBe(true)
      }),
      { seed: 1 },
    )
  })

  it('is within n · 2^-57 and the rounding of each product of Σ w·x', () => {
    fc.assert(
      fc.property(updates, (list) => {
        const { high, low } = sumOf(list)
        for (let i = 0; i < size; i++) {
          // w·x in BigInt: a product of multiples of 2^-1100 is one of 2^-2200
          const truth = list.reduce((sum, each) => sum + exactly(each.weight) * exactly(each.delta[i]!), 0n)
          const found = (exactly(high[i]!) + exactly(low[i]!)) << BigInt(scale)
          const bound = list.reduce(
            // 2^-57, and half a unit in the last place of the product: at most 2^-53 of it
            (sum, each) => sum + exactly(2 ** -57 + Math.abs(each.weight * each.delta[i]!) * 2 ** -53),
            0n,
          )
          const error = found > truth ? found - truth : truth - found
          expect(error <= bound << BigInt(scale)).toBe(true)
        }
      }),
      { seed: 2 },
    )
  })
})

describe('sums, by hand', () => {
  it('weights by weight', () => {
    const sum = emptySum(lengthFor(1))
    addUpdate(sum, Float32Array.of(2), weighted(1))
    addUpdate(sum, Float32Array.of(6), weighted(3))
    expect(resultOfSum(mean, sum)).toEqual(Float32Array.of(5)) // (1·2 + 3·6) / 4
  })

  it('keeps what float64 alone would lose', () => {
    // In float64 2^29 + 2^-30 is 2^29, for its last place is 2^-23; here the small one outlives the large one.
    const sum = emptySum(lengthFor(1))
    addUpdate(sum, Float32Array.of(2 ** 29), weighted(1))
    addUpdate(sum, Float32Array.of(2 ** -30), weighted(1))
    addUpdate(sum, Float32Array.of(-(2 ** 29)), weighted(1))
    expect(sum.high[0]! + sum.low[0]!).toBe(2 ** -30)
  })

  it('is as new once cleared', () => {
    const sum = emptySum(lengthFor(1), { shared: true })
    addUpdate(sum, Float32Array.of(2), weighted(1))
    clearSum(sum)
    expect(bytesOf(sum).equals(bytesOf(emptySum(lengthFor(1))))).toBe(true)
  })

  it.each([
    ['a value that would round', [2 ** 40], 1],
    ['an infinite one', [Infinity], 1],
    ['a weight beyond all', [0], 1e30],
  ])('refuses %s: out-of-range', (_, delta, weight) => {
    expect(() => addUpdate(emptySum(lengthFor(1)), Float32Array.from(delta), weighted(weight))).toThrow(
      expect.objectContaining({ code: 'out-of-range' }),
    )
  })

  it('refuses a merged sum that is out of range, though its parts were not', () => {
    const part = (x: number) => {
      const sum = emptySum(lengthFor(1))
      addUpdate(sum, Float32Array.of(x), weighted(1))
      return sum
    }
    // 2^30 + 2^30 is 2^31, which is still exact; one more is not. They cancel, and are refused nevertheless.
    const sum = part(2 ** 30)
    mergeSum(sum, part(-(2 ** 30)))
    expect(() => mergeSum(sum, part(1))).toThrow(expect.objectContaining({ code: 'out-of-range' }))
  })

  it('refuses more updates than the finer part can add up', () => {
    const sum = emptySum(lengthFor(1))
    sum.count = maxSummed
    expect(() => addUpdate(sum, Float32Array.of(0), weighted(0))).toThrow(
      expect.objectContaining({ code: 'out-of-range' }),
    )
  })

  it('refuses an update or a part of another length', () => {
    const wrong = expect.objectContaining({ code: 'wrong-length' })
    expect(() => addUpdate(emptySum(lengthFor(2)), Float32Array.of(1), weighted(1))).toThrow(wrong)
    expect(() => mergeSum(emptySum(lengthFor(2)), emptySum(lengthFor(1)))).toThrow(wrong)
  })

  it('[R17] has no mean where there is none', () => {
    const zero = emptySum(lengthFor(1))
    addUpdate(zero, Float32Array.of(2), weighted(0))
    expect(() => resultOfSum(mean, emptySum(lengthFor(1)))).toThrow(expect.objectContaining({ code: 'too-few' }))
    expect(() => resultOfSum(mean, zero)).toThrow(expect.objectContaining({ code: 'zero-weight' }))
  })
})
