import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { drawSet } from '../../../../../server/src/gate/calibrate/draw-sets.ts'
import { recordingOf } from '../../../../fixtures/calibration-recording.ts'

const { gate } = recordingOf({ numExamples: 400 }).examples
const clustered = recordingOf({ numExamples: 400, perClient: 4 }).examples.gate
const home = (examples: typeof gate) => examples.segments.find(({ name }) => name === 'home')!.codes

describe('a drawn set', () => {
  it('has as many examples as its source, each with all that is known of the one that it is', () => {
    const { rows, examples } = drawSet(gate, makeRng(1))
    expect(examples.numExamples).toBe(400)
    expect(examples.labels).toEqual(rows.map((row) => gate.labels[row]!))
    expect(home(examples)).toEqual(rows.map((row) => home(gate)[row]!))
    expect(examples.rows).toEqual(rows)
  })
  it('is drawn with replacement: 1 − 1/e of the source is in it', () => {
    // Of 400: 400 · (1 − (1 − 1/400)⁴⁰⁰) = 253 different ones, standard deviation 6.2; 5 of them either way.
    const distinct = new Set(drawSet(gate, makeRng(1)).rows).size
    expect(Math.abs(distinct - 253)).toBeLessThan(31)
  })
  it('names its examples in rising order, none twice, and none as another set does', () => {
    const { ids } = drawSet(gate, makeRng(1)).examples
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(400)
    const others = drawSet(recordingOf().examples.evaluation, makeRng(1)).examples.ids
    expect(others.filter((id) => ids.includes(id))).toEqual([])
  })
  it('is the same for the same chance, and another for other chance', () => {
    expect(drawSet(gate, makeRng(1))).toEqual(drawSet(gate, makeRng(1)))
    expect(drawSet(gate, makeRng(1)).rows).not.toEqual(drawSet(gate, makeRng(2)).rows)
  })
  it('draws an example as often as its weight says', () => {
    const weights = Float64Array.from(home(gate), (code) => (code === 0 ? 8 : 1))
    const share = home(gate).filter((code) => code === 0).length / 400
    const expected = (8 * share) / (8 * share + 1 - share)
    const drawn = home(drawSet(gate, makeRng(3), weights).examples).filter((code) => code === 0).length / 400
    // Standard deviation at most .025; 4 of them fail for one seed in 16,000.
    expect(Math.abs(drawn - expected)).toBeLessThan(0.1)
  })
  it('draws clients whole, each as a client of its own, with one coin', () => {
    const { rows, examples, coins } = drawSet(clustered, makeRng(4))
    const { clusters } = examples
    expect(new Set(clusters).size).toBe(100)
    for (let client = 0; client < 100; client++) {
      const places = [...rows.keys()].filter((place) => clusters![place] === client)
      const source = places.map((place) => rows[place]!)
      expect(source).toEqual([0, 1, 2, 3].map((i) => 4 * Math.floor(source[0]! / 4) + i))
      expect(new Set(places.map((place) => coins[place])).size).toBe(1)
    }
  })
  it('tosses a coin for each example', () => {
    const heads = drawSet(gate, makeRng(5)).coins.filter((coin) => coin === 1).length
    // Of 400: 200, standard deviation 10.
    expect(Math.abs(heads - 200)).toBeLessThan(40)
  })
})
