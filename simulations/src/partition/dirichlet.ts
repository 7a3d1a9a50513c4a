import { Type } from 'typebox'
import { shuffle, type Rng } from '@panal/client-core'
import { groupByLabel, type ByLabel } from './by-label.ts'
import { dealt, dealtBy, startsOf } from './dealt.ts'
import { dirichletShares } from './dirichlet-shares.ts'
import { assertDrawable, drawn, sampleOf } from './drawn.ts'
import { assertEnough, assertPositive, partitionPolicy, type Partition, type Partitioner } from './partitioner.ts'

/**
 * Label skew. Small `alpha` (0.1) leaves a device with a few classes only; large `alpha` (100) comes close to `iid`.
 * Dealt, each class goes to the devices in proportions drawn from a symmetric Dirichlet distribution (Yurochkin et al. 2019,
 * arXiv:1905.12022), and devices differ in size. With `perDevice`, each device draws its own mix of classes from
 * Dirichlet(alpha · prior · number of classes) and so many examples after it (Hsu, Qi and Brown 2019, arXiv:1909.06335,
 * whose alpha is this one times the number of classes).
 */
export const dirichlet = partitionPolicy({
  options: {
    alpha: Type.Number({ exclusiveMinimum: 0 }),
    perDevice: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  make: ({ alpha, perDevice }): Partitioner => {
    assertPositive('alpha', alpha)
    return {
      name: 'dirichlet',
      partition({ y }, numDevices, rng) {
        const groups = groupByLabel(y)
        if (perDevice === undefined) return dealByLabel(groups, { alpha, numDevices }, rng)
        assertDrawable(perDevice, y.length, 'too-few-examples', 'for each device')
        const alphas = groups.labels.map((_, i) => (alpha * groups.labels.length * groups.countOf(i)) / y.length)
        return drawn({ numDevices, perDevice }, rng, (own) =>
          drawMix(groups, dirichletShares(alphas, own.fork('shares')), perDevice, own),
        )
      },
    }
  },
})

function dealByLabel(
  groups: ByLabel,
  { alpha, numDevices }: { alpha: number; numDevices: number },
  rng: Rng,
): Partition {
  assertEnough(groups.sorted.length, numDevices)
  const examples = new Uint32Array(groups.sorted.length)
  const owners = new Uint32Array(examples.length)
  const alphas = new Array<number>(numDevices).fill(alpha)
  let at = 0
  groups.labels.forEach((label, i) => {
    const shares = dirichletShares(alphas, rng.fork(`shares/${label}`))
    const order = shuffle(groups.examplesOf(i).slice(), rng.fork(`order/${label}`))
    examples.set(order, at)
    cutByShares(owners.subarray(at, at + order.length), shares)
    at += order.length
  })
  const { indices, starts } = leaveNoneEmpty(dealtBy(owners, examples, numDevices))
  const partition = dealt(indices, starts)
  for (let device = 0; device < numDevices; device++) shuffle(partition.indicesOf(device), rng.fork(`shard/${device}`))
  return partition
}

/** Writes owners in runs that end at the cumulative shares; rounding never loses or repeats one. */
function cutByShares(owners: Uint32Array, shares: readonly number[]): void {
  let cumulative = 0
  let from = 0
  shares.forEach((share, device) => {
    cumulative += share
    const to = device === shares.length - 1 ? owners.length : Math.round(cumulative * owners.length)
    owners.fill(device, from, to)
    from = Math.max(from, to)
  })
}

/** A device without data could never take part: each empty one takes one example of the largest, the first of these. */
function leaveNoneEmpty({ indices, starts, sizes }: ReturnType<typeof dealtBy>): {
  indices: Uint32Array
  starts: Uint32Array
} {
  const taken = new Map<number, number>()
  let largest = sizes.reduce((most, size) => Math.max(most, size), 0)
  let giver = 0
  for (let device = 0; device < sizes.length; device++) {
    if (sizes[device]! > 0) continue
    while (sizes[giver] !== largest) {
      giver = (giver + 1) % sizes.length
      if (giver === 0) largest--
    }
    taken.set(device, indices[starts[giver]! + --sizes[giver]!]!)
  }
  for (const device of taken.keys()) sizes[device] = 1
  const newStarts = startsOf(sizes)
  const moved = new Uint32Array(indices.length)
  sizes.forEach((size, device) => {
    const own = taken.get(device)
    if (own !== undefined) moved[newStarts[device]!] = own
    else moved.set(indices.subarray(starts[device], starts[device]! + size), newStarts[device])
  })
  return { indices: moved, starts: newStarts }
}

/** So many examples, each of a class by `shares`; a class that is used up is drawn no more. */
function drawMix(groups: ByLabel, shares: readonly number[], perDevice: number, rng: Rng): Uint32Array {
  const counts = new Array<number>(shares.length).fill(0)
  const left = [...shares]
  const classes = rng.fork('classes')
  for (let drawnSoFar = 0; drawnSoFar < perDevice; drawnSoFar++) {
    const chosen = chooseByWeight(left, classes.uniform()) ?? firstLeft(groups, counts)
    counts[chosen]!++
    if (counts[chosen] === groups.countOf(chosen)) left[chosen] = 0
  }
  const parts = counts.map((count, i) => sampleOf(groups.examplesOf(i), count, rng.fork(`examples/${i}`)))
  const indices = new Uint32Array(perDevice)
  const starts = startsOf(counts)
  parts.forEach((part, i) => indices.set(part, starts[i]))
  return shuffle(indices, rng.fork('order'))
}

/** Undefined where no weight is over 0. */
function chooseByWeight(weights: readonly number[], uniform: number): number | undefined {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let cumulative = 0
  let last: number | undefined
  for (const [i, weight] of weights.entries()) {
    if (weight === 0) continue
    cumulative += weight
    last = i
    if (uniform * total < cumulative) return i
  }
  return last
}

/** Where every class that the device has a share in is used up: the shares of the others came out as 0. */
const firstLeft = (groups: ByLabel, counts: readonly number[]): number =>
  counts.findIndex((count, i) => count < groups.countOf(i))
