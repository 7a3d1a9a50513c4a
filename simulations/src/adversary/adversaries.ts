import { Type, type Static } from 'typebox'
import type { Rng } from '@panal/client-core'
import { policySchema } from '@panal/server'
import { allIndices } from '../partition/dealt.ts'
import { sampleOf } from '../partition/drawn.ts'
import { attacks } from './registry.ts'

const closed = { additionalProperties: false }
const attack = policySchema(attacks)

/** What an experiment says of devices that mean harm: how many of all devices, and what they do in every round. */
export const AdversariesSpec = Type.Union([
  Type.Object({ fraction: Type.Number({ minimum: 0, maximum: 1 }), attack }, closed),
  Type.Object({ count: Type.Integer({ minimum: 0 }), attack }, closed),
])
export type AdversariesSpec = Static<typeof AdversariesSpec>

/** Of so many devices; a fraction is rounded to the nearest number. */
export const numAdversaries = (spec: AdversariesSpec, numDevices: number): number =>
  'count' in spec ? spec.count : Math.round(spec.fraction * numDevices)

/** Numbers of the devices that are adversaries: each set of that many equally likely, the same from the same chance. */
export const drawAdversaries = (spec: AdversariesSpec, numDevices: number, rng: Rng): ReadonlySet<number> =>
  new Set(sampleOf(allIndices(numDevices), numAdversaries(spec, numDevices), rng))
