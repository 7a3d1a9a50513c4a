import { attackPolicy } from './attack.ts'
import { relabelBy, wrongLabels } from './wrong-labels.ts'

/**
 * Each trains as it is told to, on wrong labels: nothing about its update is forged.
 * Source: Tolpegin et al. 2020, arXiv:2007.08432; y → C − 1 − y as in Fang et al. 2020, arXiv:1911.11815, section 5
 */
export const labelFlip = attackPolicy({
  options: wrongLabels,
  make: (options) => ({ name: 'label-flip', relabel: relabelBy(options) }),
})
