import { describe, expect, it } from '@jest/globals'
import { splitHeldOut, trainedShare, type Dataset, type Plan } from '@panal/client-core'
import { dataset, plan, separablePoints } from './tiny-tasks.ts'

const holding = (holdout?: number): Plan => ({
  ...plan,
  personalisation: { name: 'ditto', lambda: 1, ...(holdout !== undefined && { holdout }) },
})
const rowsOf = ({ x, y }: Dataset): string[] => [...y].map((label, i) => `${x[2 * i]} ${x[2 * i + 1]} ${label}`)
const head = (data: Dataset, numExamples: number): Dataset => ({
  ...data,
  numExamples,
  x: data.x.slice(0, 2 * numExamples),
  y: data.y.slice(0, numExamples),
})

describe('splitHeldOut', () => {
  const data = separablePoints(2000, 1)

  it('puts each example on one side, in its order', () => {
    const { train, heldOut } = splitHeldOut(data, holding(), 'digits/d1')
    const [trained, held] = [rowsOf(train), rowsOf(heldOut!)]
    expect([train.numExamples, heldOut!.numExamples]).toEqual([trained.length, held.length])
    const isHeld = new Set(held)
    expect(trained).toEqual(rowsOf(data).filter((row) => !isHeld.has(row)))
    expect(held).toEqual(rowsOf(data).filter((row) => isHeld.has(row)))
  })

  it.each([
    [undefined, 400],
    [0.05, 100],
    [0.9, 1800],
  ])('of share %p, of 2000 about %d', (holdout, expected) => {
    // Binomial, standard deviation at most √(2000·0.2·0.8) = 18: four of them, and the salt is fixed
    const { heldOut } = splitHeldOut(data, holding(holdout), 'digits/d1')
    expect(Math.abs(heldOut!.numExamples - expected)).toBeLessThan(72)
  })

  it('what was held out stays so when others come, whatever their order', () => {
    const before = new Set(rowsOf(splitHeldOut(head(data, 500), holding(), 's').heldOut!))
    const first = new Set(rowsOf(head(data, 500)))
    const after = rowsOf(splitHeldOut(data, holding(), 's').heldOut!).filter((row) => first.has(row))
    expect(after).toEqual([...before])
  })

  it('copies of an example are on its side', () => {
    const twice = {
      ...data,
      numExamples: 4000,
      x: Float32Array.of(...data.x, ...data.x),
      y: Int32Array.of(...data.y, ...data.y),
    }
    const { heldOut } = splitHeldOut(twice, holding(), 's')
    const held = rowsOf(heldOut!)
    expect(held.slice(held.length / 2)).toEqual(held.slice(0, held.length / 2))
  })

  it('another device holds out others', () => {
    const [one, two] = ['digits/d1', 'digits/d2'].map((salt) => rowsOf(splitHeldOut(data, holding(), salt).heldOut!))
    const both = one!.filter((row) => two!.includes(row)).length
    expect(both).toBeGreaterThan(40) // 2000·0.2² = 80, standard deviation 9
    expect(both).toBeLessThan(120)
  })

  it('holds nothing out where the plan makes no personal model or says 0, nor where nothing would be left', () => {
    const few = dataset([2], [1, 2], [1])
    for (const [given, own] of [
      [data, plan],
      [data, holding(0)],
      [few, holding(0.9)],
    ] as const)
      expect(splitHeldOut(given, own, 's')).toEqual({ train: given, heldOut: null })
  })
})

it('trainedShare is what is left on average', () => {
  expect([plan, holding(), holding(0.5)].map(trainedShare)).toEqual([1, 0.8, 0.5])
})
