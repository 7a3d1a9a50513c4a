import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { noRegression } from '../../../../../server/src/gate/checks/no-regression.ts'
import {
  evaluationOf,
  gateDocument,
  modelAnswers,
  predictions,
  rowOf,
  shiftedAnswers,
  type EvaluationParts,
} from '../../../../fixtures/gate-evaluation.ts'

const terms = (classes: string[]) => {
  const document = gateDocument()
  return { ...document, data: { ...document.data, classes } }
}

const against = (reference: 'champion' | 'anchor', margin = 0.02) => noRegression.make({ against: reference, margin })

const judge = (candidate: ArrayLike<number>, champion: ArrayLike<number>, margin = 0.02) =>
  rowOf(
    against('champion', margin),
    evaluationOf({ candidate: { onGate: predictions(candidate) }, champion: { onGate: predictions(champion) } }),
  )

const repeat = (values: readonly number[], times: number): number[] =>
  Array.from({ length: times }, () => values).flat()

describe('no-regression', () => {
  it.each(['champion', 'anchor'] as const)('does not apply without a %s', async (reference) => {
    const result = await against(reference).judge(evaluationOf({ candidate: {} }))
    expect(result.verdict).toBe('NOT_APPLICABLE')
  })
  it('makes no test of byte-identical weights', async () => {
    const same = { weightsSha256: 'a'.repeat(64) }
    const result = await against('champion').judge(evaluationOf({ candidate: same, champion: same }))
    expect(result).toMatchObject({ verdict: 'NO_CHANGE', rows: [] })
  })
  it('measures δ = mean(loss of the reference − loss of the candidate), higher is better', async () => {
    // Half .8 and half .5 against all .8: δ = ½ ln(.5/.8) = −.235002; reference loss −ln .8 = .223144, m = 2 % of it.
    const result = await judge(repeat([0.8, 0.5], 200), repeat([0.8, 0.8], 200))
    expect(result.estimate).toBeCloseTo(-0.235002, 5)
    expect(result.margin).toBeCloseTo(0.00446287, 6)
    expect(result.n).toBe(400)
    // sd of a half-and-half split of width ln 1.6: ½ ln 1.6 · √(400/399); t(.95, 399) = 1.648682
    const half = (1.648682 * 0.5 * Math.log(1.6) * Math.sqrt(400 / 399)) / 20
    // with one more loss as bad as the worst, −ln 1.6: the mean moves by (.47 − .235)/401, t by less than a tenth of that
    expect(result.interval?.[0]).toBeCloseTo(-0.235002 - half - 0.235 / 401, 4)
    expect(result.interval?.[1]).toBeCloseTo(-0.235002 + half, 5)
    expect(result).toMatchObject({ verdict: 'BLOCK', test: 'paired t for skewed losses' })
  })
  it('passes a model that is better', async () => {
    expect((await judge(repeat([0.9, 0.8], 200), repeat([0.8, 0.8], 200))).verdict).toBe('PASS')
  })
  it('warns when there is data enough and the estimate is inside the margin, but not beyond chance', async () => {
    // d alternates between ln(.8072/.8) = .008960 and ln(.787/.8) = −.016383: δ = −.003712, over −m = −.004463.
    // sd = ½ · .025342 · √(n/(n−1)) → ⌈6.1826 · (sd/m)²⌉ are 52 at most; but a margin under .01 nats takes 299.
    const champion = [0.8, 0.8]
    const candidate = [0.8072, 0.787]
    const fewer = await judge(repeat(candidate, 16), repeat(champion, 16))
    expect(fewer).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', n: 32, nRequired: 299 })
    const enough = await judge(repeat(candidate, 150), repeat(champion, 150))
    // δ + m = .00075, a standard error .00073, and one more loss as bad as the worst: t is about 1
    expect(enough).toMatchObject({ verdict: 'WARN', n: 300, nRequired: 299 })
  })
  it.each([0, 1])('has not enough data with %i examples', async (n) => {
    const result = await judge(new Array<number>(n).fill(0.5), new Array<number>(n).fill(0.9))
    expect(result).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', n })
  })
  it('never blocks a tiny set: 3 much worse examples of 3 are not enough data', async () => {
    const result = await judge([0.1, 0.2, 0.1], [0.9, 0.9, 0.8])
    expect(result).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', test: 'sign flips, and t for skewed losses' })
  })
  it('does not take agreement on a few examples for evidence: no spread must not need no data', async () => {
    const result = await judge([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
    expect(result).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', nRequired: 299, estimate: 0 })
  })
  it('judges under 200 examples by sign flips, both ways', async () => {
    const champion = modelAnswers(150, makeRng(1))
    const worse = await judge(shiftedAnswers(champion, 0.3, 0.1, makeRng(2)), champion)
    const better = await judge(shiftedAnswers(champion, -0.1, 0.1, makeRng(2)), champion)
    expect(worse).toMatchObject({ verdict: 'BLOCK', test: 'sign flips, and t for skewed losses' })
    // beyond chance, and of too few examples for so small a margin
    expect(better).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', p: 1 / 10_001 })
    expect(better.reason).toContain('a pass takes')
  })
  it('has a margin against a reference that makes no mistakes: the share of .001 nats', async () => {
    const sure = new Array<number>(400).fill(1)
    const result = await judge(sure, sure)
    expect(result).toMatchObject({ verdict: 'PASS', margin: 0.02 * 1e-3 })
    const doubting = await judge(new Array<number>(400).fill(0.99), sure)
    expect(doubting.verdict).toBe('BLOCK')
  })
  it('compares with the anchor when the task says so', async () => {
    const result = await against('anchor').judge(
      evaluationOf({
        candidate: { onGate: predictions(repeat([0.5], 300)) },
        champion: { onGate: predictions(repeat([0.5], 300)) },
        anchor: { onGate: predictions(repeat([0.8], 300)) },
      }),
    )
    expect(result.verdict).toBe('BLOCK')
    expect(result.reason).toContain('anchor 0.2231')
  })
})

/** n examples, alternating classes, of which only the champion is right on `lost`, only the candidate on `won`, none on 5. */
function discordant(n: number, lost: number, won: number) {
  const right = (i: number, wrong: (i: number) => boolean) => (wrong(i) || i >= n - 5 ? 0.3 : 0.7)
  const answers = (wrong: (i: number) => boolean) => predictions(Array.from({ length: n }, (_, i) => right(i, wrong)))
  return {
    candidate: { onGate: answers((i) => i < lost) },
    champion: { onGate: answers((i) => i >= lost && i < lost + won) },
  }
}
const accuracy = (parts: EvaluationParts, margin?: number) =>
  rowOf(
    noRegression.make({ against: 'champion', metric: 'accuracy', ...(margin !== undefined && { margin }) }),
    evaluationOf(parts),
  )

describe('no-regression of accuracy', () => {
  // Reference values of Tango's score and McNemar's test: b lost, c won of n, margin 1 point unless told otherwise.
  it('cannot tell with b = 30, c = 28 of 1,000: z = 1.039998, p = .14917', async () => {
    const row = await accuracy(discordant(1000, 30, 28))
    // ψ = .058 ± → upper .0713; n_req = 6.1826 · .0713 / .0001
    expect(row).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', n: 1000, test: 'Tango score', margin: 0.01 })
    expect(row.p).toBeCloseTo(0.14917, 5)
    expect(row.estimate).toBeCloseTo(-0.002, 12)
    expect(row.nRequired).toBeGreaterThan(4300)
  })
  it('passes b = 120, c = 80 of 10,000 (z = 3.999), and says that McNemar finds it worse (p = .0057 two-sided)', async () => {
    const row = await accuracy(discordant(10_000, 120, 80))
    expect(row).toMatchObject({ verdict: 'PASS' })
    expect(row.reason).toMatch(/120 lost and 80 won, McNemar mid-p 0\.004[0-9]/)
  })
  it('has Tango’s interval: b = 25, c = 10 of 1,000 is (−.027738, −.003603) at 95 %', async () => {
    const row = await rowOf(
      noRegression.make({ against: 'champion', metric: 'accuracy', alpha: 0.025 }),
      evaluationOf(discordant(1000, 25, 10)),
    )
    expect(row.interval?.[0]).toBeCloseTo(-0.027738, 6)
    expect(row.interval?.[1]).toBeCloseTo(-0.003603, 6)
    expect(row.level).toBeCloseTo(0.95, 12)
    // δ = −.015 ≤ −.01, and U < 0
    expect(row.verdict).toBe('BLOCK')
  })
  it('does not pass without discordance on 100 examples (z = 1.005), and needs 268 for it', async () => {
    // z²(1 − m)/m = 1.644854² · 99 = 267.85
    expect((await accuracy(discordant(100, 0, 0))).verdict).toBe('NOT_ENOUGH_DATA')
    expect((await accuracy(discordant(267, 0, 0))).verdict).toBe('NOT_ENOUGH_DATA')
    expect((await accuracy(discordant(268, 0, 0))).verdict).toBe('PASS')
  })
  it('never blocks 3 examples, all of them lost', async () => {
    const all = (p: number) => ({ onGate: predictions([p, p, p]) })
    expect((await accuracy({ candidate: all(0.1), champion: all(0.9) })).verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('draws whole clients where examples come in clusters', async () => {
    const parts = discordant(1000, 0, 30)
    const clusters = Int32Array.from({ length: 1000 }, (_, i) => i % 40)
    const row = await accuracy({ ...parts, examples: { gate: { clusters } } })
    expect(row).toMatchObject({ verdict: 'PASS', test: 'Tango score, clients by design effect' })
    expect(row.estimate).toBeCloseTo(0.03, 12)
    const one = await accuracy({ ...parts, examples: { gate: { clusters: new Int32Array(1000) } } })
    expect(one).toMatchObject({
      verdict: 'NOT_ENOUGH_DATA',
      reason: expect.stringContaining('1 clients, whose examples are worth 1 independent'),
    })
  })
})

describe('no-regression of AUC and macro F1', () => {
  const truth = Int32Array.from({ length: 600 }, (_, i) => i % 2)
  const champion = predictions(modelAnswers(600, makeRng(4)), truth)
  const judged = (metric: 'auc' | 'macro-f1', candidate: typeof champion, reference = champion) =>
    rowOf(
      noRegression.make({ against: 'champion', metric }),
      evaluationOf({ candidate: { onGate: candidate }, champion: { onGate: reference } }),
    )
  /** P(yes) is between .4955 and .5045 and has nothing to do with the truth. */
  const guessing = predictions(
    Array.from(truth, (label, i) => 0.5 + (label === 1 ? 1 : -1) * 0.001 * (((i >> 1) % 10) - 4.5)),
    truth,
  )

  it.each(['auc', 'macro-f1'] as const)('blocks a model that guesses, by %s', async (metric) => {
    expect((await judged(metric, guessing)).verdict).toBe('BLOCK')
  })
  it.each(['auc', 'macro-f1'] as const)('passes one that is better, by %s', async (metric) => {
    const better = predictions(shiftedAnswers(modelAnswers(600, makeRng(4)), -0.2, 0.02, makeRng(8)), truth)
    expect((await judged(metric, better)).verdict).toBe('PASS')
  })
  it('measures the difference of areas, and each', async () => {
    // four examples times 50: scores .1, .4, .35, .8 of classes 0, 0, 1, 1 have AUC .75; a constant has .5
    const four = Int32Array.from({ length: 200 }, (_, i) => (i % 4 < 2 ? 0 : 1))
    const scores = Array.from({ length: 200 }, (_, i) => [0.1, 0.4, 0.35, 0.8][i % 4]!)
    const scored = predictions(
      scores.map((p, i) => (four[i] === 1 ? p : 1 - p)),
      four,
    )
    const row = await judged('auc', scored, predictions(new Array<number>(200).fill(0.5), four))
    expect(row.estimate).toBeCloseTo(0.25, 12)
    expect(row.reason).toContain('AUC 0.7500, champion 0.5000')
  })
  it('has no area with one class, or too few of one', async () => {
    const one = predictions([0.9, 0.8, 0.7], [1, 1, 1])
    expect(await judged('auc', one, one)).toMatchObject({
      verdict: 'NOT_ENOUGH_DATA',
      reason: 'Cannot be told: the rarer class has 0 examples, and the area needs 10.',
    })
  })
  it('does not take the same ranking of 20 examples for proof: as if one of each class had changed sides', async () => {
    const twenty = predictions(new Array<number>(20).fill(0.9))
    const row = await judged('auc', twenty, predictions(new Array<number>(20).fill(0.8)))
    // se = √(1/10² + 1/10²) = .1414
    expect(row.verdict).toBe('NOT_ENOUGH_DATA')
    expect(row.interval?.[0]).toBeCloseTo(-0.1414214 * 1.644854, 5)
  })
  it('cannot tell macro F1 where every draw gives the same', async () => {
    const all = predictions(new Array<number>(50).fill(0.9))
    expect(await judged('macro-f1', all, all)).toMatchObject({ verdict: 'NOT_ENOUGH_DATA' })
  })
  it('refuses AUC of more than two classes where a task asks for it', () => {
    const of = (classes: string[]) => noRegression.misfits!({ against: 'champion', metric: 'auc' }, terms(classes))
    expect(of(['a', 'b'])).toEqual([])
    expect(of(['a', 'b', 'c'])).toEqual([{ path: '/metric', message: 'auc needs 2 classes' }])
  })
})

describe('the claim to be better than the anchor', () => {
  const anchor = predictions(repeat([0.8, 0.7], 200))
  const judgedAgainst = (pTrue: readonly number[], claims: readonly boolean[] = []) =>
    against('anchor').judge(
      evaluationOf({
        candidate: { onGate: predictions(repeat(pTrue, 200)) },
        anchor: { onGate: anchor },
        looks: { numLooks: claims.length, claims },
      }),
    )

  it('is accepted beyond the level that the ledger leaves', async () => {
    // first level: γ₁ w₀ = 6/π² · .025 = .0152
    const result = await judgedAgainst([0.85, 0.8])
    expect(result.claim?.accepted).toBe(true)
    expect(result.claim?.level).toBeCloseTo(0.015198, 6)
    expect(result.rows[1]).toMatchObject({ metric: 'log loss better than anchor', verdict: 'PASS' })
  })
  it('costs more after each one that was not accepted', async () => {
    // a tenth: 6/(π · 10)² · .025 = .000152
    const result = await judgedAgainst([0.85, 0.8], new Array<boolean>(9).fill(false))
    expect(result.claim?.level).toBeCloseTo(0.000151982, 9)
  })
  it('is not accepted of a model that is no better, which is no fault', async () => {
    // ½ (ln(.82/.8) + ln(.686/.7)) = ½ (.02469 − .02020): better by .0022, with a spread of .0225: t = 2.0, p = .023
    const result = await judgedAgainst([0.82, 0.686])
    expect(result).toMatchObject({ verdict: 'PASS', claim: { accepted: false } })
    expect((await judgedAgainst([0.7, 0.6])).claim?.accepted).toBe(false)
  })
  it('is made against the anchor only, and not of its own weights', async () => {
    const same = { weightsSha256: 'a'.repeat(64) }
    expect(await against('anchor').judge(evaluationOf({ candidate: same, anchor: same }))).not.toHaveProperty('claim')
    expect(await against('champion').judge(evaluationOf({ candidate: {}, champion: {} }))).not.toHaveProperty('claim')
  })
})
