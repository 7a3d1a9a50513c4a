import { attackPolicy } from './attack.ts'
import { relabelBy, wrongLabels } from './wrong-labels.ts'

/**
 * One adversary under many names: all send what the first of them has trained, on wrong labels. Rules that trust what many
 * agree on meet the closest group of all. Source: Fung et al. 2020, "The limitations of federated learning in Sybil settings"
 * (arXiv:1808.04866)
 */
export const sybil = attackPolicy({
  options: wrongLabels,
  make: (options) => ({
    name: 'sybil',
    relabel: relabelBy(options),
    forge: ({ own }) => own.map(() => own[0]!),
  }),
})
