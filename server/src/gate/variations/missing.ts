import { tablePerturbation } from './columns.ts'

/** That share of a table's values gets lost, at random. What is lost at one severity is lost at every harsher one. */
export const missing = tablePerturbation(
  [0.05, 0.1, 0.2, 0.3, 0.5],
  (share) => (_, chance) => (chance.uniform() < share ? '' : undefined),
)
