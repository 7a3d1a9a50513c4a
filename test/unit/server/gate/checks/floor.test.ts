import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { floor } from '../../../../../server/src/gate/checks/floor.ts'
import { evaluationOf, gateDocument, modelAnswers, predictions, rowOf } from '../../../../fixtures/gate-evaluation.ts'

type Options = Parameters<typeof floor.make>[0]
const rowFor = (options: Options, pTrue: ArrayLike<number>, labels?: ArrayLike<number>) =>
  rowOf(
    floor.make(options),
    evaluationOf({ candidate: { onEvaluation: predictions([0.1]), onGate: predictions(pTrue, labels) } }),
  )
/** A model that is right on `right` of `n` gate examples. */
const judge = (right: number, n: number, min: number) =>
  rowFor(
    { metric: 'accuracy', min },
    Array.from({ length: n }, (_, i) => (i < right ? 0.9 : 0.1)),
  )

describe('floor of accuracy', () => {
  // 930 of 1000 at one-sided 95 % (z = 1.644854): (.915536, .942144) by Wilson's formula.
  it('reports accuracy on the gate set with both one-sided bounds', async () => {
    const { estimate, interval, n, margin } = await judge(930, 1000, 0.9)
    expect(estimate).toBe(0.93)
    expect(margin).toBe(0.9) // the limit, for the report to draw
    expect(n).toBe(1000)
    expect(interval?.[0]).toBeCloseTo(0.915536, 6)
    expect(interval?.[1]).toBeCloseTo(0.942144, 6)
  })
  it.each([
    ['PASS', 0.9155],
    ['WARN', 0.9156],
    ['WARN', 0.93],
    ['WARN', 0.9421],
    ['BLOCK', 0.9422],
  ])('says %s at %f', async (verdict, min) => {
    expect((await judge(930, 1000, min)).verdict).toBe(verdict)
  })
  it('passes a floor of 0 and never passes a floor of 1 it cannot prove', async () => {
    expect((await judge(0, 10, 0)).verdict).toBe('PASS')
    expect((await judge(10, 10, 1)).verdict).toBe('WARN')
  })
  it('says so when there is nothing to measure', async () => {
    const result = await judge(0, 0, 0.5)
    expect(result.verdict).toBe('NOT_ENOUGH_DATA')
    expect(result).not.toHaveProperty('estimate')
  })
  it('draws whole clients where examples come in clusters: the bounds are wider', async () => {
    // 50 clients of 20, each right throughout or wrong throughout: as good as 50 examples, of which 45 are right
    const clusters = Int32Array.from({ length: 1000 }, (_, i) => Math.floor(i / 20))
    const answers = predictions(Array.from(clusters, (client) => (client % 10 === 0 ? 0.1 : 0.9)))
    const row = await rowOf(
      floor.make({ metric: 'accuracy', min: 0.88 }),
      evaluationOf({ candidate: { onGate: answers }, examples: { gate: { clusters } } }),
    )
    expect(row).toMatchObject({ verdict: 'WARN', test: 'Wilson score, clients by design effect, one-sided 95 %' })
    expect(row.interval?.[0]).toBeLessThan(0.83)
  })
})

describe('floor of balanced accuracy', () => {
  // 900 no's of which 891 are right (.99), 100 yes's of which 50 are (.5): accuracy .941, balanced .745.
  const labels = Array.from({ length: 1000 }, (_, i) => (i < 900 ? 0 : 1))
  const answers = labels.map((_, i) => (i < 891 || i >= 950 ? 0.9 : 0.1))
  it('is the mean of the classes’ shares, with bounds put together from Wilson’s', async () => {
    const row = await rowFor({ metric: 'balanced-accuracy', min: 0.7 }, answers, labels)
    expect(row.estimate).toBeCloseTo(0.745, 12)
    // Wilson: 891/900 → .9830…, 50/100 → .4190 and .5810 by symmetry; ½ √(.007² + .081²)
    expect(row.interval?.[0]).toBeCloseTo(0.745 - 0.5 * Math.hypot(0.99 - 0.98308, 0.08115), 3)
    expect(row.verdict).toBe('PASS')
    expect((await rowFor({ metric: 'balanced-accuracy', min: 0.8 }, answers, labels)).verdict).toBe('BLOCK')
  })
  it('is not known where a class has no example', async () => {
    const row = await rowFor({ metric: 'balanced-accuracy', min: 0.5 }, [0.9, 0.9], [1, 1])
    expect(row).toMatchObject({
      verdict: 'NOT_ENOUGH_DATA',
      reason: 'Cannot be told: 1 of the 2 classes have no example.',
    })
  })
})

describe('floor of macro F1', () => {
  it('is the plain mean over the classes', async () => {
    // 50 + 50: 40 and 45 right. F1: 80/(50 + 45) = .842105, 90/(50 + 55) = .857143
    const labels = Array.from({ length: 100 }, (_, i) => (i < 50 ? 0 : 1))
    const answers = labels.map((_, i) => (i < 40 || i >= 55 ? 0.9 : 0.1))
    const row = await rowFor({ metric: 'macro-f1', min: 0.7 }, answers, labels)
    expect(row.estimate).toBeCloseTo(0.849624, 6)
    expect(row.verdict).toBe('PASS')
  })
  it('has the bounds of balanced accuracy where all is right: no spread proves nothing', async () => {
    const row = await rowFor({ metric: 'macro-f1', min: 0.9 }, new Array<number>(20).fill(0.9))
    // Wilson's lower bound of 10 of 10 is 1/(1 + 2.7055/10) = .787; 1 − √2 · .213/2
    expect(row.estimate).toBe(1)
    expect(row.interval?.[0]).toBeCloseTo(0.8494, 3)
    expect(row.verdict).toBe('WARN')
  })
})

describe('floor of AUC', () => {
  const labels = Array.from({ length: 400 }, (_, i) => i % 2)
  it('passes and blocks by DeLong’s bounds', async () => {
    const answers = modelAnswers(400, makeRng(2))
    expect((await rowFor({ metric: 'auc', min: 0.5 }, answers, labels)).verdict).toBe('PASS')
    expect((await rowFor({ metric: 'auc', min: 0.999 }, answers, labels)).verdict).toBe('BLOCK')
  })
  it('is not sure of a perfect ranking of few: as if one of each class had changed sides', async () => {
    const row = await rowFor({ metric: 'auc', min: 0.9 }, new Array<number>(20).fill(0.9), labels.slice(0, 20))
    expect(row).toMatchObject({ estimate: 1, verdict: 'WARN' })
    // 1 − 1.644854 · √(1/100 + 1/100)
    expect(row.interval?.[0]).toBeCloseTo(0.767383, 6)
  })
  it('is undefined with one class', async () => {
    expect((await rowFor({ metric: 'auc', min: 0.5 }, [0.9, 0.9], [1, 1])).verdict).toBe('NOT_ENOUGH_DATA')
  })
})

describe('ceilings', () => {
  const half = (a: number, b: number, n = 200) => Array.from({ length: n }, (_, i) => (i % 2 === 0 ? a : b))
  it('of log loss: −½ ln(.8 · .5) = .458145', async () => {
    const row = await rowFor({ metric: 'log-loss', max: 0.5 }, half(0.8, 0.5))
    expect(row.estimate).toBeCloseTo(0.458145, 6)
    // sd = ½ ln 1.6 · √(200/199); t(.95, 199) = 1.652547: the lower bound, and less than the upper one
    const half95 = (1.652547 * 0.5 * Math.log(1.6) * Math.sqrt(200 / 199)) / Math.sqrt(200)
    expect(row.interval?.[0]).toBeCloseTo(0.458145 - half95, 5)
    expect(row.interval?.[1]).toBeGreaterThan(0.458145 + half95)
    expect(row.interval?.[1]).toBeLessThan(0.458145 + 1.1 * half95)
    expect(row.verdict).toBe('PASS')
    expect((await rowFor({ metric: 'log-loss', max: 0.46 }, half(0.8, 0.5))).verdict).toBe('WARN')
    expect((await rowFor({ metric: 'log-loss', max: 0.4 }, half(0.8, 0.5))).verdict).toBe('BLOCK')
  })
  it('of log loss pass a model exactly at them in 5 %, also where 3 of 1000 examples carry what matters (20 % by t)', async () => {
    const rng = makeRng('rare losses')
    let passed = 0
    for (let run = 0; run < 400; run++) {
      const losses = Array.from({ length: 1000 }, () => Math.exp(rng.uniform() < 0.003 ? -10 : -0.01))
      if ((await rowFor({ metric: 'log-loss', max: 0.003 * 10 + 0.997 * 0.01 }, losses)).verdict === 'PASS') passed++
    }
    // 20 are 5 %, and four standard errors 17.4
    expect(passed).toBeLessThan(38)
    const fewer = Array.from({ length: 100 }, () => Math.exp(-0.01))
    // 100 equal losses: that 3 in 100 are a nat larger is not excluded, .01 + 1 − .05^(1/100) = .0395
    expect((await rowFor({ metric: 'log-loss', max: 0.039 }, fewer)).verdict).toBe('WARN')
    expect((await rowFor({ metric: 'log-loss', max: 0.04 }, fewer)).verdict).toBe('PASS')
  })
  it('of the Brier score, of two classes (p − y)²: ½ (.2² + .5²) = .145', async () => {
    const row = await rowFor({ metric: 'brier', max: 0.2 }, half(0.8, 0.5))
    expect(row.estimate).toBeCloseTo(0.145, 6)
    expect(row.verdict).toBe('PASS')
  })
  it('need 30 examples', async () => {
    expect((await rowFor({ metric: 'brier', max: 0.2 }, half(0.8, 0.8, 29))).verdict).toBe('NOT_ENOUGH_DATA')
  })
})

it('refuses a limit of the wrong kind, or none, or AUC of many classes', () => {
  const document = gateDocument()
  const paths = (options: Options, classes = ['no', 'yes']) =>
    floor.misfits!(options, { ...document, data: { ...document.data, classes } }).map(({ path }) => path)
  expect(paths({ metric: 'accuracy', min: 0.5 })).toEqual([])
  expect(paths({ metric: 'brier', max: 0.5 })).toEqual([])
  expect(paths({ metric: 'accuracy', max: 0.5 })).toEqual(['/min', '/max'])
  expect(paths({ metric: 'log-loss', min: 0.5 })).toEqual(['/max', '/min'])
  expect(paths({ metric: 'auc', min: 0.5 }, ['a', 'b', 'c'])).toEqual(['/metric'])
})
