import type { UpdateCodec } from './codec.ts'
import { f16 } from './f16.ts'
import { f32 } from './f32.ts'

/** Every codec a plan may name: the task schema takes its names from here. A new one is one file and one line. */
export const codecs = { f32, f16 } as const satisfies Record<string, UpdateCodec>
