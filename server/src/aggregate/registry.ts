import type { PolicyRegistry } from '../policy.ts'
import type { Aggregator } from '../strategy/strategy.ts'
import { fairMean } from './fair-mean.ts'
import { mean } from './mean.ts'
import { normalizedMean } from './normalized-mean.ts'
import { scaffold } from './scaffold.ts'

/** How many deltas become one. A new rule is one file and one line here. */
export const aggregators = {
  mean,
  'normalized-mean': normalizedMean,
  'fair-mean': fairMean,
  scaffold,
} as const satisfies PolicyRegistry<Aggregator>
