import { Type } from 'typebox'
import { attackPolicy, times } from './attack.ts'
import { relabelBy, wrongLabels } from './wrong-labels.ts'

/**
 * Each trains on wrong labels and sends n / (η · f) times what comes of it: a mean of equal weights, times the server's
 * learning rate η, is then the mean of the adversaries' models, with little of the honest ones. One adversary scales by n / η, as
 * the paper says; several share it, as the paper's program does.
 * Source: Bagdasaryan et al. 2020, arXiv:1807.00459, section 4.2
 */
export const modelReplacement = attackPolicy({
  options: {
    ...wrongLabels,
    factor: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'n / (η · f) of the round, if not given' })),
  },
  make: ({ factor, ...options }) => ({
    name: 'model-replacement',
    relabel: relabelBy(options),
    forge: ({ own, n, f, serverLearningRate }) =>
      own.map((update) => times(factor ?? n / (serverLearningRate * f), update)),
  }),
})
