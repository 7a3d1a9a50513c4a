import type { PolicyRegistry } from '@panal/server'
import type { Availability } from '../profile.ts'
import { always } from './always.ts'
import { diurnal } from './diurnal.ts'

/** When devices may be asked. A new profile is one file and one line here. */
export const availabilities = { always, diurnal } as const satisfies PolicyRegistry<Availability>
