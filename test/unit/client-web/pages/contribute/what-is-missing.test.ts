import { describe, expect, it } from '@jest/globals'
import { whatIsMissing } from '../../../../../client-web/src/pages/contribute/what-is-missing.ts'

const ready = { chosen: { numExamples: 5 }, agreed: true, minimum: 5, paused: false, admission: 'open' } as const

describe('whatIsMissing', () => {
  it('lets a person start only with data and with their consent', () => {
    expect(whatIsMissing(ready)).toBeNull()
    expect(whatIsMissing({ ...ready, agreed: false })).toContain('agree')
    expect(whatIsMissing({ ...ready, chosen: null })).toContain('choose')
  })

  it('names the task’s least number of examples', () => {
    expect(whatIsMissing({ ...ready, chosen: { numExamples: 4 } })).toContain('at least 5 examples; you have 4')
  })

  it('does not start a paused task', () => {
    expect(whatIsMissing({ ...ready, paused: true })).toContain('paused')
  })

  it('does not start where an invitation is needed and there is none', () => {
    expect(whatIsMissing({ ...ready, admission: 'invited' })).toBeNull()
    for (const admission of ['needed', 'refused'] as const)
      expect(whatIsMissing({ ...ready, admission })).toContain('a link that invites you')
    expect(whatIsMissing({ ...ready, admission: 'checking' })).not.toBeNull()
  })
})
