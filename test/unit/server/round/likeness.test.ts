import { expect, it } from '@jest/globals'
import { likenessesOf } from '../../../../server/src/round/likeness.ts'
import { RoundsBench } from '../../../fixtures/rounds.ts'
import { updateSourceOf } from '../../../fixtures/update-source.ts'

it('says of each update its cosine, its distance and the rank of that', async () => {
  const updates = updateSourceOf([
    [3, 4], // (3·3 + 4·0) / (5·3) = 0.6, 4 away
    [-3, 0], // opposite, 6 away
    [6, 0], // the same direction, 3 away
    [0, 0], // no direction, 3 away: after the one before it, by device id
  ])
  const found = await likenessesOf(updates, Float32Array.of(3, 0))
  expect(found).toEqual([
    { deviceId: 'd00', cosine: 0.6, distance: 4, distanceRank: 3 },
    { deviceId: 'd01', cosine: -1, distance: 6, distanceRank: 4 },
    { deviceId: 'd02', cosine: 1, distance: 3, distanceRank: 1 },
    { deviceId: 'd03', cosine: null, distance: 3, distanceRank: 2 },
  ])
})

it('adds in float64: a small difference of large params is not lost', async () => {
  const far = [4096, -4096]
  const [found] = await likenessesOf(updateSourceOf([[...far, 0.5]]), Float32Array.of(...far, 0))
  expect(found!.distance).toBe(0.5)
})

it('gives the same for params of more than one slice', async () => {
  const size = 2 ** 20 + 3
  const ones = new Array<number>(size).fill(1)
  const [found] = await likenessesOf(updateSourceOf([ones]), new Float32Array(size).fill(3))
  expect(found).toMatchObject({ cosine: 1, distance: 2 * Math.sqrt(size) })
})

it('a round keeps it of each counted update, with its candidate', async () => {
  const bench = await RoundsBench.open({ rounds: { minIntervalMs: 1_000 } })
  const opened = bench.until((round) => round.phase === 'collecting')
  const devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
  const closed = bench.closing(1)
  await bench.upload(devices[0]!, [4, 0, 0, 0])
  await bench.upload(devices[1]!, [0, 4, 0, 0])
  await bench.upload(devices[2]!, [4, 4, 0, 0])
  await closed
  // their mean: 8/3, 8/3, so that the cosines are 1/√2, 1/√2, 1
  const rows = bench.log.updatesOf('digits', 1)
  expect(rows.map(({ distanceRank }) => distanceRank)).toEqual([2, 3, 1])
  rows.forEach(({ cosine }, i) => expect(cosine).toBeCloseTo([Math.SQRT1_2, Math.SQRT1_2, 1][i]!, 6))
  rows.forEach(({ distance }, i) =>
    expect(distance).toBeCloseTo(
      Math.hypot(
        ...[
          [4 / 3, 8 / 3],
          [8 / 3, 4 / 3],
          [4 / 3, 4 / 3],
        ][i]!,
      ),
      6,
    ),
  )
  await bench.remove()
})
