import { Type } from 'typebox'
import { personalisation, planAlone } from './personalisation.ts'

/**
 * Local fine-tuning: the shared model, trained on for some epochs on the device's own examples, all of it or its last layer.
 * Source: Wang et al. 2019, arXiv:1910.10252; of the last layer alone Arivazhagan et al. 2019, arXiv:1912.00818, whose base
 * layers are trained without the last one, and here with it.
 */
export const fineTuning = personalisation({
  options: {
    epochs: Type.Integer({ minimum: 1, maximum: 1000 }),
    learningRate: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 1000, description: 'as plan.learningRate, where left out' }),
    ),
    layers: Type.Optional(
      Type.Union([Type.Literal('all'), Type.Literal('last')], {
        description: 'which weights move: those of all layers, or of the last one that has any',
      }),
    ),
  },
  make: ({ epochs, learningRate, layers = 'all' }) => ({
    name: 'fine-tuning',
    continues: false,
    work: ({ shared, plan }) => ({
      start: shared,
      plan: { ...planAlone(plan), epochs, learningRate: learningRate ?? plan.learningRate },
      options: { layers },
    }),
  }),
})
