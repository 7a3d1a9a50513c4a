import type { PolicyRegistry } from '../policy.ts'
import type { StalenessWeight } from '../strategy/strategy.ts'
import { constant } from './constant.ts'
import { hinge } from './hinge.ts'
import { polynomial } from './polynomial.ts'
import { threshold } from './threshold.ts'

/** What an update counts for that began at an older base. A new rule is one file and one line here. */
export const stalenessWeights = {
  constant,
  polynomial,
  hinge,
  threshold,
} as const satisfies PolicyRegistry<StalenessWeight>
