type Severity = 1 | 2 | 3 | 4 | 5

/** Each perturbation at each severity, as the `robustness` check takes them. */
export const bySeverity = <Name extends string>(names: readonly Name[], severities: readonly Severity[]) =>
  names.flatMap((name) => severities.map((severity) => ({ name, severity })))
