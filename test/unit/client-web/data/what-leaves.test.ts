import { describe, expect, it } from '@jest/globals'
import { updateKb, whatLeaves, whatStays } from '../../../../client-web/src/data/what-leaves.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

const { plan, data } = digitsLike()

describe('whatLeaves', () => {
  it('tells the size that the codec gives', () => {
    expect(updateKb({ numParams: 101_770, plan: { ...plan, codec: 'f16' } })).toBeCloseTo(203.54) // 2 bytes each
    expect(updateKb({ numParams: 101_770, plan: { ...plan, codec: 'f32' } })).toBeCloseTo(407.08) // 4 bytes each
    expect(whatLeaves({ numParams: 101_770, plan: { ...plan, codec: 'f16' } })[0]).toContain('about 204 KB')
  })

  it('names the clip norm where there is one, and does not promise one where there is none', () => {
    const clipped = (sentences: string[]) => sentences.filter((sentence) => sentence.includes('scaled down'))
    expect(clipped(whatLeaves({ numParams: 10, plan: { ...plan, clipNorm: 20 } }))).toHaveLength(1)
    expect(clipped(whatLeaves({ numParams: 10, plan }))).toHaveLength(0)
  })

  it('names all that the update’s header and the heartbeat carry', () => {
    const told = whatLeaves({ numParams: 10, plan }).join(' ')
    for (const part of ['How many examples', 'how long', 'error before and after', 'charging', 'unmetered', 'idle'])
      expect(told).toContain(part)
  })
})

describe('whatStays', () => {
  it('speaks of what this kind of task has', () => {
    expect(whatStays({ data, plan })[0]).toContain('drawings')
  })

  it('names the model of one’s own, and what is held out to measure it, where the plan makes one', () => {
    const own = (sentences: string[]) => sentences.filter((sentence) => sentence.includes('model of your own'))
    expect(own(whatStays({ data, plan }))).toEqual([])
    const personalisation = { name: 'ditto', lambda: 1, holdout: 0.25 } as const
    expect(own(whatStays({ data, plan: { ...plan, personalisation } })).join()).toContain('About 25 % of your examples')
  })
})
