import type { PolicyRegistry } from '@panal/server'
import type { Battery } from '../profile.ts'
import { daily } from './daily.ts'
import { mains } from './mains.ts'

/** What devices' batteries allow. A new profile is one file and one line here. */
export const batteries = { mains, daily } as const satisfies PolicyRegistry<Battery>
