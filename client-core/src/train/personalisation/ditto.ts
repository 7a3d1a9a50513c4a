import { Type } from 'typebox'
import { personalisation, planAlone } from './personalisation.ts'

/**
 * Ditto: after its part of a round a device takes steps v ← v − η·(∇F(v) + λ·(v − w)) with a model v of its own, w being the
 * model that the round began with. λ = 0 is training alone; the larger, the nearer v stays to w. A device begins at v = w.
 * Source: Li et al. 2021, arXiv:2012.04221, Algorithm 1
 */
export const ditto = personalisation({
  options: {
    lambda: Type.Number({ minimum: 0, description: 'how strongly the own model is drawn to the shared one' }),
    epochs: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'as plan.epochs, where left out' })),
  },
  make: ({ lambda, epochs }) => ({
    name: 'ditto',
    continues: true,
    work: ({ own, shared, plan }) => ({
      start: own ?? shared,
      plan: { ...planAlone(plan), epochs: epochs ?? plan.epochs, proximalTerm: lambda },
      options: { centre: shared },
    }),
  }),
})
