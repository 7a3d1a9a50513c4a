import type { PolicyRegistry } from '../../policy.ts'
import type { PreAggregator } from '../whole-batch.ts'
import { bucketing } from './bucketing.ts'
import { clip } from './clip.ts'
import { nnm } from './nnm.ts'

/** What may be done to all updates of a round before a rule. A new one is one file and one line here. */
export const preAggregators = {
  clip,
  nnm,
  bucketing,
} as const satisfies PolicyRegistry<PreAggregator>
