import { Type, type Static } from 'typebox'
import { policySchema } from '@panal/server'
import { availabilities } from './availability/registry.ts'
import { bandwidths } from './bandwidth/registry.ts'
import { batteries } from './battery/registry.ts'
import { dropouts } from './dropout/registry.ts'
import { speeds } from './speed/registry.ts'

const parts = {
  availability: policySchema(availabilities),
  speed: policySchema(speeds),
  bandwidth: policySchema(bandwidths),
  dropout: policySchema(dropouts),
  battery: policySchema(batteries),
}

/** What the devices of an experiment are like; what is left out is as in `defaultProfile`. */
export const PartialProfileSpec = Type.Partial(Type.Object(parts), {
  additionalProperties: false,
  description: 'what the simulated devices are like: decides simulated time, who reports, and who is lost',
})

export type ProfileSpec = { readonly [Part in keyof typeof parts]: Static<(typeof parts)[Part]> }

/** Middling phones on a home network, none of them ever away. */
export const defaultProfile: ProfileSpec = {
  availability: { name: 'always' },
  speed: { name: 'constant', examplesPerSecond: 1000 },
  bandwidth: { name: 'constant', downMbps: 40, upMbps: 10 },
  dropout: { name: 'never' },
  battery: { name: 'mains' },
}
