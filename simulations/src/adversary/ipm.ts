import { Type } from 'typebox'
import { attackPolicy } from './attack.ts'
import { meanOf } from './honest-moments.ts'

/**
 * Inner product manipulation: all send −ε · mean of the honest updates. A small ε hides among honest updates and slows them, a
 * large one, over (n − f) / f, turns their mean around. Where there is no honest update to go by, each sends what it trained.
 * Source: Xie et al. 2020, arXiv:1903.03936
 */
export const ipm = attackPolicy({
  options: { epsilon: Type.Number({ exclusiveMinimum: 0, description: '0.1, 0.5 and 2 are usual' }) },
  make: ({ epsilon }) => ({
    name: 'ipm',
    seesHonest: true,
    forge({ own, honest }) {
      if (honest.length === 0) return own
      const sent = Float32Array.from(meanOf(honest, own[0]!.length), (x) => -epsilon * x)
      return own.map(() => sent)
    },
  }),
})
