import { describe, expect, it } from '@jest/globals'
import type { GateVerdict } from '@panal/client-core'
import type { GateCheck } from '@panal/server'
import { overallVerdict } from '../../../../server/src/gate/verdict.ts'

/** Results of integrity (PASS) and of one release check for each verdict. */
function overall(
  verdicts: readonly GateVerdict[],
  about: { firstModel?: boolean; sameAsChampion?: boolean } = {},
  changes: Partial<GateCheck> = {},
) {
  const results = [
    { check: 'integrity', verdict: 'PASS' as const, reason: 'Sound.', rows: [] },
    ...verdicts.map((verdict, i) => ({ check: `check${i}`, verdict, reason: `Found ${verdict}.`, rows: [] })),
  ]
  const checks: GateCheck[] = results.map(({ check }, i) => ({
    name: check,
    integrity: i === 0,
    judge: () => Promise.reject(new Error('not run here')),
    // `changes` are of the first check.
    ...(i === 1 && changes),
  }))
  return overallVerdict({ checks, results, firstModel: false, sameAsChampion: false, ...about })
}

describe('the overall verdict', () => {
  it('is BLOCK > ERROR > NOT_ENOUGH_DATA > WARN > PASS, in any order, with the reason of the check that decided', () => {
    const ranking = ['BLOCK', 'ERROR', 'NOT_ENOUGH_DATA', 'WARN', 'PASS'] as const
    ranking.slice(0, -1).forEach((worse, i) => {
      for (const better of ranking.slice(i + 1)) {
        expect(overall([better, worse])).toEqual({ verdict: worse, reason: `check1: Found ${worse}.` })
        expect(overall([worse, better])).toEqual({ verdict: worse, reason: `check0: Found ${worse}.` })
      }
    })
  })
  it('names the checks that were passed', () => {
    expect(overall(['PASS', 'PASS', 'NOT_APPLICABLE'])).toEqual({
      verdict: 'PASS',
      reason: 'Passed check0, check1.',
    })
  })
  it('is NO_CHANGE for the champion’s own weights, unless something blocks or fails', () => {
    expect(overall(['NO_CHANGE', 'PASS'], { sameAsChampion: true }).verdict).toBe('NO_CHANGE')
    expect(overall(['PASS'], { sameAsChampion: true }).verdict).toBe('NO_CHANGE')
    expect(overall(['NO_CHANGE', 'BLOCK'], { sameAsChampion: true }).verdict).toBe('BLOCK')
    expect(overall(['NO_CHANGE', 'ERROR'], { sameAsChampion: true }).verdict).toBe('ERROR')
  })
  it('does not hold back a model that equals the anchor and not the champion', () => {
    expect(overall(['PASS', 'NO_CHANGE']).verdict).toBe('PASS')
  })
})

describe('a check that is not critical', () => {
  const uncritical = { critical: false }
  it('warns where it has not enough data, and never passes silently', () => {
    expect(overall(['NOT_ENOUGH_DATA', 'PASS'], {}, uncritical)).toEqual({
      verdict: 'WARN',
      reason: 'check0: Found NOT_ENOUGH_DATA.',
    })
    expect(overall(['NOT_ENOUGH_DATA', 'WARN'], {}, uncritical).reason).toBe('check1: Found WARN.')
  })
  it('holds a first model all the same', () => {
    expect(overall(['NOT_ENOUGH_DATA', 'PASS'], { firstModel: true }, uncritical).verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('does not promote by knowing nothing', () => {
    expect(overall(['NOT_ENOUGH_DATA', 'NOT_APPLICABLE'], {}, uncritical)).toEqual({
      verdict: 'NOT_ENOUGH_DATA',
      reason: 'check0: Found NOT_ENOUGH_DATA.',
    })
  })
  it('blocks and fails like any other', () => {
    expect(overall(['BLOCK', 'PASS'], {}, uncritical).verdict).toBe('BLOCK')
    expect(overall(['ERROR', 'PASS'], {}, uncritical).verdict).toBe('ERROR')
  })
})

describe('a check that says nothing of how good the model is', () => {
  const aside = { judges: false }
  it('promotes none by itself', () => {
    expect(overall(['PASS'], {}, aside).reason).toContain('no check that says how good')
    expect(overall(['PASS', 'NOT_APPLICABLE'], {}, aside).verdict).toBe('NOT_ENOUGH_DATA')
    expect(overall(['PASS', 'PASS'], {}, aside)).toEqual({ verdict: 'PASS', reason: 'Passed check1.' })
  })
  it('warns, and does not hold a first model by it', () => {
    expect(overall(['WARN', 'PASS'], {}, aside).verdict).toBe('WARN')
    expect(overall(['WARN', 'PASS'], { firstModel: true }, aside).verdict).toBe('WARN')
  })
  it('holds and blocks like any other', () => {
    expect(overall(['NOT_ENOUGH_DATA', 'PASS'], {}, aside).verdict).toBe('NOT_ENOUGH_DATA')
    expect(overall(['BLOCK', 'PASS'], {}, aside).verdict).toBe('BLOCK')
  })
})

describe('what the gate never promotes', () => {
  it('a model of a task without a threshold', () => {
    const { verdict, reason } = overall([])
    expect(verdict).toBe('NOT_ENOUGH_DATA')
    expect(reason).toContain('no check that says how good a model is')
  })
  it('a first model that nothing applies to', () => {
    const { verdict, reason } = overall(['NOT_APPLICABLE'], { firstModel: true })
    expect(verdict).toBe('NOT_ENOUGH_DATA')
    expect(reason).toContain('administrator')
  })
  it('a first model that only warns', () => {
    const { verdict, reason } = overall(['WARN', 'NOT_APPLICABLE'], { firstModel: true })
    expect(verdict).toBe('NOT_ENOUGH_DATA')
    expect(reason).toBe(
      'A first model must pass every check that applies, and this one only warns: check0: Found WARN.',
    )
  })
  it('but it does promote a first model that passes what applies', () => {
    expect(overall(['PASS', 'NOT_APPLICABLE'], { firstModel: true }).verdict).toBe('PASS')
  })
})
