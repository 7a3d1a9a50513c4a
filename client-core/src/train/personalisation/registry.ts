import { Type, type Static, type TObject, type TProperties } from 'typebox'
import { ditto } from './ditto.ts'
import { fineTuning } from './fine-tuning.ts'
import type { Personalisation, PersonalisationPolicy } from './personalisation.ts'

/** Every personalisation that a plan may name: its schema comes from here. A new one is one file and one line. */
export const personalisations = { ditto, 'fine-tuning': fineTuning } as const satisfies Record<
  string,
  PersonalisationPolicy<TProperties>
>

/** Share of a device's examples that are held out, where the plan says none. */
export const defaultHoldout = 0.2

const common = {
  holdout: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 0.9,
      description: `share of a device's examples that it never trains on and measures both models with (${defaultHoldout})`,
    }),
  ),
}

type Policies = typeof personalisations
export type PersonalisationSpec = {
  [Name in keyof Policies]: { name: Name } & Static<TObject<Policies[Name]['options']>>
}[keyof Policies] &
  Static<TObject<typeof common>>

export const PersonalisationSpec = Type.Unsafe<PersonalisationSpec>(
  Type.Union(
    Object.entries(personalisations).map(([name, { options }]) =>
      Type.Object({ name: Type.Literal(name), ...options, ...common }, { additionalProperties: false }),
    ),
  ),
)

/** What a plan's choice makes. The plan has passed its schema, so that name and options belong together. */
export const makePersonalisation = (spec: PersonalisationSpec): Personalisation =>
  (personalisations[spec.name] as PersonalisationPolicy<TProperties>).make(spec)
