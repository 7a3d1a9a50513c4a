import { normalQuantile } from './distributions.ts'

export interface Precision {
  /** Standard deviation of one difference. */
  readonly sd: number
  /** What the difference must not reach; > 0. */
  readonly margin: number
  /** One-sided. Default 0.05. */
  readonly alpha?: number
  /** Chance to find an equal model non-inferior. Default 0.8. */
  readonly power?: number
}

/**
 * Examples needed to tell an equal model from one that is worse by the margin: ⌈(z_{1−α} + z_{power})² sd² / margin²⌉.
 * With so many, the half-width of the interval is at most 0.66 margins. sd = 0 → 0: the caller sets its own minimum.
 * Source: normal approximation of the paired t test, e.g. Julious 2004.
 */
export function requiredSampleSize({ sd, margin, alpha = 0.05, power = 0.8 }: Precision): number {
  if (!(margin > 0)) throw new RangeError(`sample size: margin ${margin}`)
  const z = normalQuantile(1 - alpha) + normalQuantile(power)
  return Math.ceil(((z * sd) / margin) ** 2)
}

/**
 * Examples needed for a paired difference of accuracies, given the discordance ψ (share of examples on which exactly one
 * of the two models is right): the variance of one difference is ψ when the models are equal.
 */
export const requiredForDiscordance = ({
  discordance,
  ...precision
}: Omit<Precision, 'sd'> & { discordance: number }) => requiredSampleSize({ ...precision, sd: Math.sqrt(discordance) })

/** The smallest true difference that n examples find with this power: (z_{1−α} + z_{power}) · √(ψ/n). n = 0 → Infinity. */
export function minimumDetectable(n: number, discordance: number, { alpha = 0.05, power = 0.8 } = {}): number {
  return (normalQuantile(1 - alpha) + normalQuantile(power)) * Math.sqrt(discordance / n)
}

export interface Fall {
  /** How often the models differ where neither is worse. */
  readonly discordance: number
  /** One-sided. */
  readonly alpha: number
  /** Chance that the fall is found. */
  readonly power: number
}

/**
 * Examples that show a fall of accuracy by `fall`. Where accuracy falls, at least as many answers differ as are lost, beside
 * those that differ anyway: ψ + δ, of which δ² is no variance. ⌈(z_{1−α} + z_{power})² (ψ + δ − δ²) / δ²⌉.
 * Source: Connor 1987, with this ψ.
 */
export function requiredForFall(fall: number, { discordance, alpha, power }: Fall): number {
  if (!(fall > 0)) throw new RangeError(`sample size: a fall by ${fall}`)
  const z = normalQuantile(1 - alpha) + normalQuantile(power)
  return Math.ceil((z * z * Math.max(0, Math.min(1, discordance + fall) - fall * fall)) / fall ** 2)
}

/** The smallest fall of accuracy that n examples show: that of which `requiredForFall` asks for n, at most 1. n = 0 → 1. */
export function detectableFall(n: number, { discordance, alpha, power }: Fall): number {
  const z = normalQuantile(1 - alpha) + normalQuantile(power)
  // (n + z²) δ² − z² δ − z² ψ = 0
  const squared = z * z
  return Math.min(
    1,
    (squared + Math.sqrt(squared * squared + 4 * (n + squared) * squared * discordance)) / (2 * (n + squared)),
  )
}
