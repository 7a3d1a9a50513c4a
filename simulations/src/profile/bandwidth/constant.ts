import { Type } from 'typebox'
import { policy } from '@panal/server'
import type { Bandwidth } from '../profile.ts'

const bytesPerMbit = 1e6 / 8

/** Every connection is the same. */
export const constant = policy({
  options: { downMbps: Type.Number({ exclusiveMinimum: 0 }), upMbps: Type.Number({ exclusiveMinimum: 0 }) },
  make: ({ downMbps, upMbps }): Bandwidth => ({
    name: 'constant',
    bytesPerSecond: () => ({ down: downMbps * bytesPerMbit, up: upMbps * bytesPerMbit }),
  }),
})
