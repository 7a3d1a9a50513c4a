import type { Aggregator } from '../strategy/strategy.ts'
import { mean } from './mean.ts'

/** How many deltas become one. A new rule is one file and one line here, and its name in the task schema. */
export const aggregators = { mean } as const satisfies Record<string, Aggregator>
