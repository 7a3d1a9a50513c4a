import type { PolicyRegistry } from '@panal/server'
import type { Bandwidth } from '../profile.ts'
import { constant } from './constant.ts'
import { lognormal } from './lognormal.ts'

/** What devices' connections take. A new profile is one file and one line here. */
export const bandwidths = { constant, lognormal } as const satisfies PolicyRegistry<Bandwidth>
