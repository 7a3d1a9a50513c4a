/** A smooth function: its value at x; its slopes are written into `gradient`. */
export type Differentiable = (x: Float64Array, gradient: Float64Array) => number

export interface Minimum {
  readonly x: Float64Array
  readonly value: number
  readonly numSteps: number
  /** Whether every slope is within the tolerance; false where the steps ran out. */
  readonly isFlat: boolean
}

interface Step {
  readonly s: Float64Array
  readonly y: Float64Array
  readonly rho: number
}

const memory = 10
const sufficient = 1e-4
const shortest = 1e-10

/**
 * Minimises a smooth function by limited-memory BFGS with backtracking: no chance in it, the same start gives the same
 * bits. Finds the minimum of a convex one. Cost: about one evaluation a step. Source: Nocedal and Wright 2006, ch. 7.2.
 */
export function minimise(f: Differentiable, start: Float64Array, { maxSteps = 100, tolerance = 1e-6 } = {}): Minimum {
  let x: Float64Array = Float64Array.from(start)
  let gradient: Float64Array = new Float64Array(x.length)
  let value = f(x, gradient)
  const steps: Step[] = []
  for (let numSteps = 0; ; numSteps++) {
    if (gradient.every((slope) => Math.abs(slope) <= tolerance)) return { x, value, numSteps, isFlat: true }
    if (numSteps === maxSteps) return { x, value, numSteps, isFlat: false }
    const direction = descent(gradient, steps)
    const found = search(
      f,
      { x, value, slope: dot(gradient, direction) },
      direction,
      steps.length === 0 ? gradient : null,
    )
    if (found === undefined) return { x, value, numSteps, isFlat: false }
    const [s, y] = [minus(found.x, x), minus(found.gradient, gradient)]
    const curvature = dot(s, y)
    // A step without positive curvature would make the next direction one that climbs.
    if (curvature > 1e-12 * dot(y, y)) steps.push({ s, y, rho: 1 / curvature })
    if (steps.length > memory) steps.shift()
    ;({ x, value, gradient } = found)
  }
}

/** −H·gradient by the two-loop recursion. */
function descent(gradient: Float64Array, steps: readonly Step[]): Float64Array {
  const q = gradient.map((slope) => -slope)
  const alphas: number[] = []
  for (const { s, y, rho } of [...steps].reverse()) {
    const alpha = rho * dot(s, q)
    alphas.unshift(alpha)
    add(q, y, -alpha)
  }
  const last = steps.at(-1)
  if (last !== undefined) {
    const scale = 1 / (last.rho * dot(last.y, last.y))
    q.forEach((each, i) => (q[i] = each * scale))
  }
  steps.forEach(({ s, y, rho }, i) => add(q, s, alphas[i]! - rho * dot(y, q)))
  return q
}

/** The first of ever shorter steps that lowers the value enough; undefined where none does: rounding is all there is. */
function search(
  f: Differentiable,
  from: { readonly x: Float64Array; readonly value: number; readonly slope: number },
  direction: Float64Array,
  firstGradient: Float64Array | null,
): { x: Float64Array; value: number; gradient: Float64Array } | undefined {
  const gradient = new Float64Array(from.x.length)
  // Nothing is known of the scale before the first step.
  let length = firstGradient === null ? 1 : Math.min(1, 1 / Math.sqrt(dot(firstGradient, firstGradient)))
  for (; length > shortest; length /= 2) {
    const x = Float64Array.from(from.x)
    add(x, direction, length)
    const value = f(x, gradient)
    if (value <= from.value + sufficient * length * from.slope) return { x, value, gradient }
  }
  return undefined
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!
  return total
}

function add(to: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += times * what[i]!
}

const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((each, i) => each - b[i]!)
