/** Numbers as somebody reads them who is no statistician: as many digits as say something, and the right word. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const minus = '−'

/** `12,345`. */
export const sayCount = (n: number): string => signed(whole.format(n))

/** `1 example`, `2,000 examples`. */
export const countOf = (n: number, thing: string): string => `${sayCount(n)} ${thing}${n === 1 ? '' : 's'}`

const signed = (text: string): string => text.replace(/^-/, minus)

/** Without a sign where nothing is left after rounding: −0.0 is 0.0. */
function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits)
  return signed(Number(text) === 0 ? text.replace('-', '') : text)
}

/** `93.2 %`. Closer to an end, where the digits matter, two: `99.97 %`. */
export function sayShare(share: number): string {
  const distance = Math.min(Math.abs(share), Math.abs(1 - share))
  return `${fixed(100 * share, distance < 0.01 && distance > 0 ? 2 : 1)} %`
}

/** A probability of one example, in whole per cent; never 100 % of what is not certain. */
export function sayProbability(p: number): string {
  if (p > 0 && p < 0.005) return '< 1 %'
  if (p < 1 && p > 0.995) return '> 99 %'
  return `${Math.round(100 * p)} %`
}

/** A p-value: `0.03`, and never 0. */
export const sayP = (p: number): string => (p < 0.001 ? '< 0.001' : fixed(p, p < 0.1 ? 3 : 2))

/** Three significant digits, without an exponent between 0.001 and a million. */
export function sayNumber(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1e6 || size < 1e-3) return signed(value.toExponential(1))
  if (size >= 1000) return sayCount(value)
  return signed(String(Number(value.toPrecision(3))))
}

/** `2026-11-26 14:05 UTC`: a document is read in other places than it was made in. */
export const sayTime = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** `0.4 s`, `3 min`. */
export const sayDuration = (ms: number): string =>
  ms < 60_000 ? `${fixed(ms / 1000, 1)} s` : `${fixed(ms / 60_000, 0)} min`

/** How a measured value is told. */
export type Unit = 'share' | 'points' | 'nats' | 'count' | 'plain'

export interface Sayable {
  readonly unit: Unit
  /** Whether it is how much better (> 0) or worse (< 0) the candidate is. */
  readonly isDifference: boolean
}

/** A value by its unit; a difference with its sign. */
export function sayValue(value: number, { unit, isDifference }: Sayable): string {
  const text = byUnit[unit](value)
  return isDifference && value > 0 && /[1-9]/.test(text) ? `+${text}` : text
}

const byUnit: Readonly<Record<Unit, (value: number) => string>> = {
  share: sayShare,
  points: (value) => `${fixed(100 * value, Math.abs(value) < 0.001 ? 2 : 1)} points`,
  nats: (value) => fixed(value, Math.abs(value) < 0.01 ? 4 : 3),
  count: sayCount,
  plain: sayNumber,
}

/** `−1.2 to +0.3 points`. */
export function sayInterval([low, high]: readonly [number, number], of: Sayable): string {
  const [from, to] = [sayValue(low, of), sayValue(high, of)]
  const unit = / (points|%)$/.exec(to)?.[0] ?? ''
  return `${unit !== '' && from.endsWith(unit) ? from.slice(0, -unit.length) : from} to ${to}`
}
