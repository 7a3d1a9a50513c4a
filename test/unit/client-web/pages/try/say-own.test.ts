import { describe, expect, it } from '@jest/globals'
import { sayOwn } from '../../../../../client-web/src/pages/try/say-own.ts'

const own = { roundNumber: 7, version: 6, trainedAt: 0 }
const right = (accuracy: number, numExamples = 12) => ({ accuracy, numExamples, logLoss: 1 })

describe('sayOwn', () => {
  it('tells both accuracies, of how many examples, and of which shared model', () => {
    expect(sayOwn({ ...own, metrics: { shared: right(0.5), personal: right(0.75) } })).toBe(
      'Yours was trained here after round 7, and never leaves this browser. On the 12 examples of yours that it never trained on it is right in 75.0 %, shared model 6 in 50.0 %.',
    )
    expect(sayOwn({ ...own, metrics: { shared: right(0, 1), personal: right(1, 1) } })).toContain('On the one example')
  })

  it('tells that nothing was measured where nothing was held out', () => {
    expect(sayOwn({ ...own, metrics: null })).toContain('No example was held out')
  })
})
