import { describe, expect, it } from '@jest/globals'
import { errorCodes, l2Norm } from '@panal/client-core'
import { checks, makeChecks, type CheckedUpdate } from '@panal/server'

const update = (values: number[], numExamples = 10): CheckedUpdate => {
  const delta = Float32Array.from(values)
  return { delta, norm: l2Norm(delta), numExamples }
}

/** One update that each check accepts, and some that it refuses with the given code. */
const cases = {
  finite: {
    make: () => checks.finite.make({}),
    accepts: [update([0, -0, 1e-40]), update([3, 4])],
    refuses: [update([1, NaN]), update([Infinity]), update([-Infinity, 0]), update(new Array<number>(20).fill(1e38))],
    code: 'non-finite',
  },
  'max-norm': {
    make: () => checks['max-norm'].make({ maxNorm: 5 }),
    accepts: [update([3, 4]), update([0])],
    refuses: [update([3, 4.001]), update([NaN]), update([Infinity])],
    code: 'norm-too-large',
  },
  'weight-range': {
    make: () => checks['weight-range'].make({ minExamples: 2, maxExamples: 100 }),
    accepts: [update([1], 2), update([1], 100)],
    refuses: [update([1], 1), update([1], 101), update([1], 1e9), update([1], NaN)],
    code: 'weight-out-of-range',
  },
} as const satisfies Record<keyof typeof checks, unknown>

describe.each(Object.entries(cases))('check %s', (name, { make, accepts, refuses, code }) => {
  it('is registered under its own name', () => {
    expect(make().name).toBe(name)
    expect(Object.keys(checks)).toContain(name)
  })

  it('accepts what it must', () => {
    for (const each of accepts) expect(make().check(each)).toEqual({ ok: true })
  })

  it('[R12] refuses the rest with its code and a sentence', () => {
    expect(Object.keys(errorCodes)).toContain(code)
    for (const each of refuses) {
      const verdict = make().check(each)
      expect(verdict).toMatchObject({ ok: false, code })
      expect(verdict.ok ? '' : verdict.detail.length).toBeGreaterThan(10)
    }
  })
})

it('every check has its cases here', () => {
  expect(Object.keys(cases).sort()).toEqual(Object.keys(checks).sort())
})

it('runs finite first, listed or not', () => {
  expect(makeChecks([{ name: 'max-norm', maxNorm: 1 }]).map((check) => check.name)).toEqual(['finite', 'max-norm'])
  const listed = makeChecks([{ name: 'max-norm', maxNorm: 1 }, { name: 'finite' }])
  expect(listed.map((check) => check.name)).toEqual(['finite', 'max-norm'])
})
