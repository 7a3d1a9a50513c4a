import { Type } from 'typebox'
import { shuffle, type Rng } from '@panal/client-core'
import { groupByLabel, type ByLabel } from './by-label.ts'
import { dealt, dealtBy } from './dealt.ts'
import { assertDrawable, drawn, sampleOf } from './drawn.ts'
import { PartitionError } from './partition-error.ts'
import { assertCount, assertEnough, partitionPolicy, type Partition, type Partitioner } from './partitioner.ts'

/**
 * Each device has exactly `labelsPerDevice` different labels. Dealt, labels have equally many owners (to one), and the
 * examples of a label are shared equally (to one) among its owners. With `perDevice` each device draws its labels and so
 * many examples, equally many of each label to one.
 * Source: Li et al. 2022, arXiv:2102.02079, section IV-A ("#C = k").
 */
export const pathological = partitionPolicy({
  options: {
    labelsPerDevice: Type.Integer({ minimum: 1 }),
    perDevice: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  make: ({ labelsPerDevice, perDevice }): Partitioner => ({
    name: 'pathological',
    partition({ y }, numDevices, rng) {
      assertCount('labelsPerDevice', labelsPerDevice)
      const groups = groupByLabel(y)
      if (groups.labels.length < labelsPerDevice)
        throw new PartitionError(
          'too-few-labels',
          `labelsPerDevice is ${labelsPerDevice}, and the examples have ${groups.labels.length} different labels. Lower it`,
        )
      return perDevice === undefined
        ? deal(groups, { labelsPerDevice, numDevices }, rng)
        : draw(groups, { labelsPerDevice, numDevices, perDevice }, rng)
    },
  }),
})

interface Asked {
  readonly labelsPerDevice: number
  readonly numDevices: number
}

function deal(groups: ByLabel, { labelsPerDevice, numDevices }: Asked, rng: Rng): Partition {
  assertEnough(groups.sorted.length, numDevices)
  const numLabels = groups.labels.length
  if (numDevices * labelsPerDevice < numLabels)
    throw new PartitionError(
      'too-few-devices',
      `${numDevices} devices with ${labelsPerDevice} labels each cannot hold ${numLabels} labels. Ask for more of either`,
    )
  const ownersOf: number[][] = groups.labels.map(() => [])
  const ties = rng.fork('labels')
  for (let device = 0; device < numDevices; device++)
    for (const label of leastOwned(ownersOf, labelsPerDevice, ties)) ownersOf[label]!.push(device)
  const examples = new Uint32Array(groups.sorted.length)
  const owners = new Uint32Array(examples.length)
  let at = 0
  ownersOf.forEach((own, i) => {
    const count = groups.countOf(i)
    if (own.length > count)
      throw new PartitionError(
        'too-few-examples',
        `${own.length} devices should have examples of label ${groups.labels[i]}, of which there are ${count}. Ask for fewer devices`,
      )
    examples.set(shuffle(groups.examplesOf(i).slice(), rng.fork(`order/${groups.labels[i]}`)), at)
    for (let k = 0; k < count; k++) owners[at + k] = own[Math.floor((k * own.length) / count)]!
    at += count
  })
  const { indices, starts } = dealtBy(owners, examples, numDevices)
  return dealt(indices, starts)
}

/** The labels that have the fewest owners so far; chance decides between equals. */
function leastOwned(ownersOf: readonly (readonly number[])[], count: number, rng: Rng): number[] {
  const order = shuffle([...ownersOf.keys()], rng)
  return order.sort((a, b) => ownersOf[a]!.length - ownersOf[b]!.length).slice(0, count)
}

function draw(groups: ByLabel, asked: Asked & { readonly perDevice: number }, rng: Rng): Partition {
  const { labelsPerDevice, perDevice, numDevices } = asked
  assertCount('perDevice', perDevice)
  if (perDevice < labelsPerDevice)
    throw new PartitionError(
      'bad-option',
      `perDevice is ${perDevice}; with ${labelsPerDevice} labels each a device needs as many examples`,
    )
  const least = groups.labels.reduce((fewest, _, i) => Math.min(fewest, groups.countOf(i)), Infinity)
  const ofEach = Math.ceil(perDevice / labelsPerDevice)
  assertDrawable(ofEach, least, 'too-few-examples', 'of one label')
  return drawn({ numDevices, perDevice }, rng, (own) => {
    const chosen = shuffle([...groups.labels.keys()], own.fork('labels')).slice(0, labelsPerDevice)
    const cut = (k: number) => Math.floor((k * perDevice) / labelsPerDevice)
    const indices = new Uint32Array(perDevice)
    chosen.forEach((i, k) => {
      indices.set(sampleOf(groups.examplesOf(i), cut(k + 1) - cut(k), own.fork(`examples/${i}`)), cut(k))
    })
    return shuffle(indices, own.fork('order'))
  })
}
