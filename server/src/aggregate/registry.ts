import type { PolicyRegistry } from '../policy.ts'
import type { Aggregator } from '../strategy/strategy.ts'
import { mean } from './mean.ts'

/** How many deltas become one. A new rule is one file and one line here. */
export const aggregators = { mean } as const satisfies PolicyRegistry<Aggregator>
