export { applyPlatt } from '@panal/client-core'

/** P(positive) = 1 / (1 + e^(a·score + b)). */
export interface Platt {
  readonly a: number
  readonly b: number
}

/** Why there is no line to serve. */
export interface NoPlatt {
  readonly because: string
}

const maxSteps = 100
const smallestStep = 1e-10
const ridge = 1e-12

/**
 * Sigmoid through the scores, with Platt's smoothed targets (n⁺+1)/(n⁺+2) and 1/(n⁻+2), by Newton's method with
 * backtracking. Law: what is returned rises with the score (a < 0). Scores that go the wrong way with the outcomes, or
 * with which nothing goes, have no such line. Source: Platt 1999; Lin, Lin and Weng 2007, Algorithm 1.
 */
export function fitPlatt(scores: ArrayLike<number>, isPositive: ArrayLike<number>): Platt | NoPlatt {
  const fit = fitSigmoid(scores, isPositive)
  if (fit.a < 0) return fit
  return {
    because:
      fit.a > 0
        ? 'its line falls where the model is surer, and would turn answers round'
        : 'its line is flat, and would give every example the same answer',
  }
}

/** Either way up. One class only still has a finite fit. */
function fitSigmoid(scores: ArrayLike<number>, isPositive: ArrayLike<number>): Platt {
  const y = Array.from(isPositive)
  const numPositive = y.filter((each) => each === 1).length
  const numNegative = y.length - numPositive
  const high = (numPositive + 1) / (numPositive + 2)
  const low = 1 / (numNegative + 2)
  const targets = y.map((each) => (each === 1 ? high : low))
  let fit: Platt = { a: 0, b: Math.log((numNegative + 1) / (numPositive + 1)) }
  let loss = plattLoss(scores, targets, fit)
  for (let step = 0; step < maxSteps; step++) {
    const direction = newtonDirection(scores, targets, fit)
    if (direction === undefined) return fit
    let length = 1
    for (; length >= smallestStep; length /= 2) {
      const next = { a: fit.a + length * direction.a, b: fit.b + length * direction.b }
      const nextLoss = plattLoss(scores, targets, next)
      if (nextLoss < loss + 1e-4 * length * direction.slope) {
        fit = next
        loss = nextLoss
        break
      }
    }
    if (length < smallestStep) return fit
  }
  return fit
}

/** 1 / (1 + e^f), without overflow. */
const positive = (f: number): number => (f >= 0 ? Math.exp(-f) / (1 + Math.exp(-f)) : 1 / (1 + Math.exp(f)))

function plattLoss(scores: ArrayLike<number>, targets: readonly number[], { a, b }: Platt): number {
  return targets.reduce((sum, target, i) => {
    const f = a * scores[i]! + b
    return sum + (f >= 0 ? target * f + Math.log1p(Math.exp(-f)) : (target - 1) * f + Math.log1p(Math.exp(f)))
  }, 0)
}

/** Undefined at the minimum. `slope`: how fast the loss falls along it. */
function newtonDirection(scores: ArrayLike<number>, targets: readonly number[], { a, b }: Platt) {
  let [haa, hbb, hab, ga, gb] = [ridge, ridge, 0, 0, 0]
  targets.forEach((target, i) => {
    const x = scores[i]!
    const p = positive(a * x + b)
    const curvature = p * (1 - p)
    haa += x * x * curvature
    hbb += curvature
    hab += x * curvature
    ga += x * (target - p)
    gb += target - p
  })
  if (Math.abs(ga) < 1e-10 && Math.abs(gb) < 1e-10) return undefined
  const determinant = haa * hbb - hab * hab
  const da = -(hbb * ga - hab * gb) / determinant
  const db = -(haa * gb - hab * ga) / determinant
  return { a: da, b: db, slope: ga * da + gb * db }
}
