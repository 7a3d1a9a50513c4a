import type { CheckResult, CheckRow, GateVerdict } from '@panal/client-core'

/** A share as people read it: `93.24 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

/** A difference of shares: `+0.42 points`. */
export const points = (difference: number): string =>
  `${difference > 0 ? '+' : ''}${(100 * difference).toFixed(2)} points`

/** A log loss in nats. */
export const nats = (loss: number): string => loss.toFixed(4)

/** What a margin of log loss lets pass: `it may rise by 0.0100, 2 % of the champion’s`. */
export const toleratedRise = (margin: number, share: number, whose: string): string =>
  `it may rise by ${nats(margin)}, ${Number((100 * share).toPrecision(3))} % of ${whose}`

/** A p-value, never shown as 0. */
export const pValue = (p: number): string => (p < 0.0001 ? 'p < 0.0001' : `p = ${p.toFixed(4)}`)

/** `1 example`, `2 examples`. */
export const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? '' : 's'}`

/** What a check answers; `rows` are what it measured. */
export const resultOf = (
  check: string,
  { verdict, reason }: { readonly verdict: GateVerdict; readonly reason: string },
  rows: readonly CheckRow[] = [],
): CheckResult => ({ check, verdict, reason, rows })

/** What a check that measures one thing answers. */
export const resultOfRow = (check: string, row: CheckRow): CheckResult => resultOf(check, row, [row])
