import type { CheckResult } from '../protocol/gate-report.ts'

/** A check's name as people tell it from others: `no-regression (anchor, log loss)`. */
export const checkName = ({ check, variant }: Pick<CheckResult, 'check' | 'variant'>): string =>
  variant === undefined ? check : `${check} (${variant})`
