import type { TaskTerms } from '@panal/client-core'
import { Type, type Static, type TObject, type TProperties } from 'typebox'
import type { DocumentError } from './registry/document-errors.ts'

/**
 * One idea that a task document may choose by its name: the options that the document gives it, and what they make.
 * Its file says all of it, so that a new one is that file and one line in a registry.
 */
export interface Policy<Options extends TProperties, Made, Terms = TaskTerms> {
  /** Type, validation and documentation of the options at once. */
  readonly options: Options
  make(options: Static<TObject<Options>>): Made
  /** Where the options do not go with each other or with the task's terms; paths start at the options: '/maxNorm'. */
  misfits?(options: Static<TObject<Options>>, terms: Terms): DocumentError[]
  /** What it needs of the server's data, beside the task's own sets; paths start at the options. */
  needs?(options: Static<TObject<Options>>): Needs
  /** What tells two entries of one list apart beside their name. Without it a name may be listed once. */
  variant?(options: Static<TObject<Options>>): string
}

/** Checked against the data when a task is made. */
export interface Needs {
  readonly datasets?: readonly NeededDataset[]
  /** Those of them that are examples, to be read under the task's data schema. */
  readonly examples?: readonly NeededDataset[]
  /** Columns of the server's sets. */
  readonly columns?: readonly { readonly path: string; readonly name: string }[]
}

/** A stored dataset, by digest. */
export interface NeededDataset {
  readonly path: string
  readonly sha256: string
  /** It has a row for each example of the task's gate set, in its order: it goes with that set and no other. */
  readonly goesWithGateSet?: boolean
}

/** Policies of one kind by their names in the task document. */
export type PolicyRegistry<Made, Terms = TaskTerms> = Readonly<Record<string, Policy<TProperties, Made, Terms>>>

/** What a task document says of one policy of a registry: its name, and its options beside it. */
export type PolicySpec<Policies extends PolicyRegistry<unknown>> = {
  [Name in keyof Policies & string]: { name: Name } & Static<TObject<Policies[Name]['options']>>
}[keyof Policies & string]

/** The types of a policy's functions come from its options. */
export const policy = <Options extends TProperties, Made>(parts: Policy<Options, Made>): Policy<Options, Made> => parts

/** One policy of a registry, as a task document writes it. */
export const policySchema = <Policies extends PolicyRegistry<unknown>>(policies: Policies) =>
  Type.Unsafe<PolicySpec<Policies>>(anyOf(policies, {}))

/** The same, each with the options `common` besides its own. */
export const policySchemaWith = <Policies extends PolicyRegistry<unknown>, Common extends TProperties>(
  policies: Policies,
  common: Common,
) => Type.Unsafe<PolicySpec<Policies> & Static<TObject<Common>>>(anyOf(policies, common))

const anyOf = (policies: PolicyRegistry<unknown>, common: TProperties) =>
  Type.Union(
    Object.entries(policies).map(([name, { options }]) =>
      Type.Object({ name: Type.Literal(name), ...options, ...common }, { additionalProperties: false }),
    ),
  )

/** What the document's choice makes. The document has passed its schema, so that name and options belong together. */
export const makePolicy = <Made>(policies: PolicyRegistry<Made>, spec: { readonly name: string }): Made =>
  policies[spec.name]!.make(spec)

/** What the document's choice needs of the server's data. */
export const policyNeeds = (policies: PolicyRegistry<unknown>, spec: { readonly name: string }): Needs =>
  policies[spec.name]?.needs?.(spec) ?? {}
