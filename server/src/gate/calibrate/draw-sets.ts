import type { Rng } from '@panal/client-core'
import type { Examples } from '../contract.ts'

/** One set of one run: examples drawn with replacement from a recorded set. */
export interface DrawnSet {
  /** [numExamples] the recorded example that each one is. */
  readonly rows: Int32Array
  readonly examples: Examples
  /** [numExamples] 0 or 1, alike within a client: which of two exchanged models answers here. */
  readonly coins: Uint8Array
}

/**
 * As many examples as the set has (as many clients, where they come in clusters), drawn with replacement: a set of the same
 * kind as the recorded one. Each drawn example is one of its own, with an id of its own, whether or not another is alike:
 * so they are independent, as the tests suppose.
 * @param weights [numExamples] how likely each one is drawn, relative to the others; all alike where absent
 */
export function drawSet({ clusterIds: _, ...source }: Examples, rng: Rng, weights?: Float64Array): DrawnSet {
  const units = unitsOf(source)
  const draw = weights === undefined ? uniform(units.length) : weighted(units, weights)
  const [drawRng, coinRng] = [rng.fork('examples'), rng.fork('coins')]
  const drawn = Array.from(units, () => units[draw(drawRng)]!)
  const numExamples = drawn.reduce((sum, unit) => sum + unit.length, 0)
  const [rows, unitOf, coins] = [new Int32Array(numExamples), new Int32Array(numExamples), new Uint8Array(numExamples)]
  let at = 0
  drawn.forEach((unit, place) => {
    const coin = coinRng.uniform() < 0.5 ? 0 : 1
    rows.set(unit, at)
    unitOf.fill(place, at, at + unit.length)
    coins.fill(coin, at, (at += unit.length))
  })
  const pick = (values: Int32Array): Int32Array => rows.map((row) => values[row]!)
  const examples = {
    ...source,
    numExamples,
    labels: pick(source.labels),
    ids: idsOf(numExamples, source.datasetSha256),
    rows: pick(source.rows),
    segments: source.segments.map((column) => ({ ...column, codes: pick(column.codes) })),
    ...(source.clusters !== undefined && { clusters: unitOf }),
  }
  return { rows, examples, coins }
}

/** Each recorded example once, as recorded; coins as for a drawn set. */
export function asRecorded(source: Examples, rng: Rng): DrawnSet {
  const rows = Int32Array.from({ length: source.numExamples }, (_, row) => row)
  return { rows, examples: source, coins: Uint8Array.from(rows, () => (rng.uniform() < 0.5 ? 0 : 1)) }
}

/** What is drawn as a whole: the rows of one example, or of one client. */
function unitsOf({ numExamples, clusters }: Examples): Int32Array[] {
  if (clusters === undefined) return Array.from({ length: numExamples }, (_, row) => Int32Array.of(row))
  const rows = new Map<number, number[]>()
  clusters.forEach((cluster, row) => {
    const own = rows.get(cluster)
    if (own === undefined) rows.set(cluster, [row])
    else own.push(row)
  })
  return [...rows].sort(([a], [b]) => a - b).map(([, own]) => Int32Array.from(own))
}

const uniform = (numUnits: number) => (rng: Rng) => Math.floor(rng.uniform() * numUnits)

/** A client is as likely as its examples are on average. */
function weighted(units: readonly Int32Array[], weights: Float64Array): (rng: Rng) => number {
  const upTo = new Float64Array(units.length)
  let total = 0
  units.forEach((rows, unit) => {
    total += rows.reduce((sum, row) => sum + weights[row]!, 0) / rows.length
    upTo[unit] = total
  })
  return (rng) => {
    const at = rng.uniform() * total
    let [low, high] = [0, units.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (upTo[middle]! > at) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Rising, and none that another set has. The same for each run: who is drawn to which place is chance enough. */
const idsOf = (length: number, datasetSha256: string): string[] =>
  Array.from({ length }, (_, place) => datasetSha256.slice(0, 8) + place.toString(16).padStart(8, '0'))
