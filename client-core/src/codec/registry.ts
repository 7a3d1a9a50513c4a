import type { CodecName } from '../protocol/task.ts'
import type { UpdateCodec } from './codec.ts'
import { f16 } from './f16.ts'
import { f32 } from './f32.ts'

/** Every codec a plan may name. */
export const codecs = { f32, f16 } as const satisfies Record<CodecName, UpdateCodec>
