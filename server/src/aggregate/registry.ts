import type { PolicyRegistry } from '../policy.ts'
import type { Aggregator } from '../strategy/strategy.ts'
import { bulyan } from './bulyan.ts'
import { centredClipping } from './centred-clipping.ts'
import { fairMean } from './fair-mean.ts'
import { fltrust } from './fltrust.ts'
import { geometricMedian } from './geometric-median.ts'
import { krum } from './krum.ts'
import { mean } from './mean.ts'
import { median } from './median.ts'
import { multiKrum } from './multi-krum.ts'
import { normalizedMean } from './normalized-mean.ts'
import { scaffold } from './scaffold.ts'
import { trimmedMean } from './trimmed-mean.ts'

/** How many deltas become one. A new rule is one file and one line here. */
export const aggregators = {
  mean,
  'normalized-mean': normalizedMean,
  'fair-mean': fairMean,
  scaffold,
  median,
  'trimmed-mean': trimmedMean,
  krum,
  'multi-krum': multiKrum,
  bulyan,
  'geometric-median': geometricMedian,
  'centred-clipping': centredClipping,
  fltrust,
} as const satisfies PolicyRegistry<Aggregator>
