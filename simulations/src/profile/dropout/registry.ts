import type { PolicyRegistry } from '@panal/server'
import type { Dropout } from '../profile.ts'
import { never } from './never.ts'
import { random } from './random.ts'

/** How devices get lost while they work. A new profile is one file and one line here. */
export const dropouts = { never, random } as const satisfies PolicyRegistry<Dropout>
