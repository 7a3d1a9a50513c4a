import { Type } from 'typebox'

/** The option `f` of rules that stand a number of attackers. */
export const attackers = Type.Integer({
  minimum: 0,
  maximum: 10_000,
  description: 'updates of attackers that it stands; about a fifth of the cohort is usual',
})
