import { describe, expect, it } from '@jest/globals'
import { makeRng, readTable, type Dataset, type ImageSchema, type TableSchema } from '@panal/client-core'
import { answerByLogistic } from '../../../../../server/src/gate/baselines/logistic.ts'
import { readRecorded } from '../../../../../server/src/gate/baselines/recorded.ts'
import { answerByRule } from '../../../../../server/src/gate/baselines/rule.ts'
import type { HeuristicRule } from '../../../../../server/src/gate/baselines/baseline.ts'
import { inCanonicalOrder } from '../../../../../server/src/gate/canonical-order.ts'

const schema: TableSchema = {
  kind: 'table',
  columns: [{ name: 'age', kind: 'numeric', mean: 0, std: 1, missing: 'mean' }],
  label: { column: 'paid' },
  classes: ['no', 'yes'],
}
const read = (...rows: string[]) => readTable(['age,home,paid', ...rows].join('\n'), schema)
const few = read('2,own,no', '10,rent,yes', ',own,no', '9,tent,yes')
const answered = ({ probabilities }: { probabilities: Float32Array }) =>
  Array.from({ length: probabilities.length / 2 }, (_, i) => probabilities[2 * i + 1])

describe('a rule', () => {
  const rule = (column: string, op: HeuristicRule['op'], value: string | number): HeuristicRule => ({
    column,
    op,
    value,
    then: 'yes',
    otherwise: 'no',
  })
  it.each<[HeuristicRule, number[]]>([
    // 10 is more than 9, which text would not say; a missing value is otherwise
    [rule('age', '>=', 9), [0, 1, 0, 1]],
    [rule('age', '>', '9'), [0, 1, 0, 0]],
    [rule('age', '<', 9), [1, 0, 0, 0]],
    [rule('age', '<=', 9), [1, 0, 0, 1]],
    [rule('age', '=', 2), [1, 0, 0, 0]],
    [rule('age', '!=', 2), [0, 1, 0, 1]],
    [rule('home', '=', 'own'), [1, 0, 1, 0]],
    [rule('home', '!=', 'own'), [0, 1, 0, 1]],
    [rule('home', '<', 'z'), [0, 0, 0, 0]],
  ])('%j answers %j', (each, expected) => {
    expect(answered(answerByRule(few, schema, each))).toEqual(expected)
  })
  it('of a column or a class that is not there cannot be answered', () => {
    expect(() => answerByRule(few, schema, rule('job', '=', 'x'))).toThrow('no column job')
    expect(() => answerByRule(few, schema, { ...rule('age', '=', 1), then: 'maybe' })).toThrow('no class')
  })
})

describe('recorded predictions', () => {
  const ordered = inCanonicalOrder(few, schema)
  const readAll = (...lines: string[]) => readRecorded(Buffer.from(lines.join('\n')), ordered, schema.classes)
  /** As the set's file has them. */
  const inFileOrder = (values: readonly (number | undefined)[]) => {
    const back: (number | undefined)[] = []
    ordered.rows.forEach((row, i) => (back[row] = values[i]))
    return back
  }
  it('go with the examples as their file has them, whatever the order of the gate', () => {
    const found = readAll('yes,no', '.25,.75', '0.5,0.5', '1,0', '0,1', '')
    expect(inFileOrder(answered(found))).toEqual([0.25, 0.5, 1, 0])
    expect(found).toMatchObject({ areProbabilities: true, numClasses: 2 })
    expect(found.labels).toEqual(ordered.dataset.y)
  })
  it('may be classes only', () => {
    const found = readAll('id,prediction', 'a,yes', 'b,no', 'c,no', 'd, yes')
    expect(inFileOrder(answered(found))).toEqual([1, 0, 0, 1])
    expect(found.areProbabilities).toBe(false)
  })
  it.each([
    [['prediction', 'yes'], 'are 1, and the set has 4'],
    [['prediction', 'yes', 'no', 'maybe', 'no'], 'is "maybe", which is no class'],
    [['score', '1', '2', '3', '4'], 'neither a column for each class'],
    [['no,yes', '.5,.6', '0,1', '0,1', '0,1'], 'not a distribution: 0.5, 0.6'],
    [['no,yes', '-1,2', '0,1', '0,1', '0,1'], 'not a distribution'],
    [['no,yes', ',1', '0,1', '0,1', '0,1'], 'not a distribution'],
    [['no,yes', 'NaN,1', '0,1', '0,1', '0,1'], 'not a distribution'],
  ])('%j are refused', (lines, message) => {
    expect(() => readAll(...lines)).toThrow(message)
  })
})

describe('a logistic regression', () => {
  it('of a table learns from one set what it answers on another', () => {
    const rows = (from: number) =>
      Array.from({ length: 100 }, (_, i) => `${from + i * 0.05},x,${i < 50 ? 'no' : 'yes'}`)
    const found = answerByLogistic(read(...rows(-2.5)), read('-2,x,no', '2,x,yes'), { data: schema, ridge: 1 })
    expect(found).toMatchObject({ numClasses: 2, areProbabilities: true, labels: Int32Array.of(0, 1) })
    expect(found.probabilities[0]).toBeGreaterThan(0.9)
    expect(found.probabilities[3]).toBeGreaterThan(0.9)
  })
  it('of images looks at squares of pixels, 16 a side at most', () => {
    // 40 × 40: squares of 3, so 14 × 14 features; class 1 is bright in its right half
    const image: ImageSchema = {
      kind: 'image',
      height: 40,
      width: 40,
      channels: 1,
      scale: 1,
      classes: ['left', 'right'],
    }
    const rng = makeRng(1)
    const draw = (n: number): Dataset => {
      const y = Int32Array.from({ length: n }, (_, i) => i % 2)
      const x = Float32Array.from({ length: n * 1600 }, (_, at) => {
        const isRight = at % 40 >= 20
        return (isRight === (y[Math.floor(at / 1600)] === 1) ? 0.6 : 0.4) + 0.2 * rng.uniform()
      })
      return { numExamples: n, inputShape: [40, 40, 1], x, y }
    }
    const judged = draw(20)
    const { probabilities } = answerByLogistic(draw(60), judged, { data: image, ridge: 1 })
    judged.y.forEach((label, i) => expect(probabilities[2 * i + label]).toBeGreaterThan(0.8))
  })
})
