import { afterEach, expect, it } from '@jest/globals'
import { digitsLike } from '../../../fixtures/task-document.ts'
import { RoundsBench } from '../../../fixtures/rounds.ts'

let bench: RoundsBench
afterEach(async () => {
  await bench.remove()
  expect(bench.errors).toEqual([])
})

it('[R18] [F9] a device that claims two billion examples weighs as much as one with a thousand', async () => {
  // neither a cap nor a range: what a task gets whose owner thought of nothing
  bench = await RoundsBench.open({ strategy: { ...digitsLike().strategy, checks: [] } })
  const opened = bench.until((round) => round.phase === 'collecting')
  const [liar, ...honest] = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
  const closed = bench.closing(1)
  const receipts = await Promise.all([
    bench.upload(liar!, [7, 0, 0, 0], { numExamples: 2 ** 31 }),
    ...honest.map((device) => bench.upload(device, [0, 1, 0, 0], { numExamples: 500 })),
  ])
  expect(receipts.map(({ weight }) => weight)).toEqual([1000, 500, 500])
  expect(await closed).toMatchObject({ outcome: 'promoted', numAccepted: 3 })
  // (1000·7)/2000, (500·1 + 500·1)/2000
  expect(await bench.registry.params('digits', 1)).toEqual(Float32Array.of(3.5, 0.5, 0, 0))
  // what it claimed is kept, beside what it counted
  expect(bench.log.update('digits', 1, liar!.join.deviceId)).toMatchObject({ numExamples: 2 ** 31, weight: 1000 })
})
