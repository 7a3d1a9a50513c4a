import type { PolicyRegistry } from '@panal/server'
import type { Speed } from '../profile.ts'
import { constant } from './constant.ts'
import { halfNormal } from './half-normal.ts'
import { lognormal } from './lognormal.ts'
import { pareto } from './pareto.ts'

/** How fast devices train. A new profile is one file and one line here. */
export const speeds = {
  constant,
  lognormal,
  'half-normal': halfNormal,
  pareto,
} as const satisfies PolicyRegistry<Speed>
