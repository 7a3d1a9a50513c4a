/**
 * Each perturbation from severity 1 on, as the `robustness` check takes them. The milder three by default: at 4 and 5 a
 * field is as often lost as not, and a digit may be gone.
 */
export const bySeverity = <Name extends string>(names: readonly Name[], harshest: 1 | 2 | 3 = 3) =>
  names.flatMap((name) => ([1, 2, 3] as const).slice(0, harshest).map((severity) => ({ name, severity })))
