import { describe, expect, it } from '@jest/globals'
import { makeRng, type CheckResult } from '@panal/client-core'
import type { Evaluation, GateCheck, GateCheckSpec, Predictions } from '@panal/server'
import { gateChecks, makeGateChecks } from '../../server/src/gate/checks/registry.ts'
import {
  evaluationOf,
  examplesOf,
  modelAnswers,
  predictions,
  shiftedAnswers,
  varied,
} from '../fixtures/gate-evaluation.ts'

/** Settings to try each check with: a new check adds its own here, or this does not compile. */
const specs: { [Name in keyof typeof gateChecks]: readonly Extract<GateCheckSpec, { name: Name }>[] } = {
  integrity: [{ name: 'integrity' }, { name: 'integrity', maxLossRatio: 1.01 }],
  pin: [{ name: 'pin' }, { name: 'pin', maxOverlap: 0, profileSha256: '0'.repeat(64) }],
  determinism: [{ name: 'determinism' }],
  floor: [
    ...[0, 0.5, 1].map((min) => ({ name: 'floor', metric: 'accuracy', min }) as const),
    ...(['balanced-accuracy', 'macro-f1', 'auc'] as const).map(
      (metric) => ({ name: 'floor', metric, min: 0.6 }) as const,
    ),
    ...(['log-loss', 'brier'] as const).map((metric) => ({ name: 'floor', metric, max: 0.4 }) as const),
  ],
  baselines: [
    { name: 'baselines' },
    {
      name: 'baselines',
      alpha: 0.4,
      required: ['logistic', 'rule', 'human', 'earlier'],
      rule: { column: 'a', op: '>', value: 0, then: 'yes', otherwise: 'no' },
      human: { accuracy: 0.9 },
      earlier: [{ label: 'last year’s', sha256: '0'.repeat(64) }],
    },
  ],
  power: [{ name: 'power' }, { name: 'power', margin: 0.5, detectable: 0.5 }],
  'negative-flips': [{ name: 'negative-flips' }, { name: 'negative-flips', warn: 0.5, block: 0.9 }],
  segments: [{ name: 'segments' }, { name: 'segments', margin: 0.5, q: 0.01, detectable: 0.9 }],
  masking: [{ name: 'masking' }, { name: 'masking', alpha: 0.4, margin: 1e-6 }],
  slices: [{ name: 'slices' }, { name: 'slices', k: 1, effect: 0.001, minExamples: 10 }],
  calibration: [
    { name: 'calibration' },
    { name: 'calibration', method: 'platt', maxExcess: 0 },
    { name: 'calibration', method: 'isotonic' },
  ],
  'segment-calibration': [{ name: 'segment-calibration' }],
  cases: [
    { name: 'cases', dataset: '0'.repeat(64) },
    { name: 'cases', dataset: 'f'.repeat(64), least: 0.9, title: 'what everybody knows' },
  ],
  invariance: [
    { name: 'invariance', columns: ['a'] },
    { name: 'invariance', columns: ['a'], variations: [{ name: 'noise', severity: 1 }], tolerance: 0, limit: 0.5 },
  ],
  direction: (['up', 'down'] as const).flatMap((effect) => [
    { name: 'direction', expectations: [{ column: 'a', effect, class: 'yes' }] } as const,
    {
      name: 'direction',
      expectations: [{ column: 'a', effect, class: 'no', by: 1 }],
      tolerance: 0,
      limit: 0.3,
    } as const,
  ]),
  robustness: [
    { name: 'robustness', variations: [{ name: 'noise', severity: 2 }] },
    {
      name: 'robustness',
      variations: [
        { name: 'missing', severity: 5 },
        { name: 'missing', severity: 1 },
        { name: 'set-column', column: 'a', value: '' },
      ],
      margin: 0.5,
    },
  ],
  reuse: [{ name: 'reuse' }, { name: 'reuse', maxLooks: 1 }],
  'no-regression': (['champion', 'anchor'] as const).flatMap((against) => [
    ...[1e-6, 0.02, 10].map((margin) => ({ name: 'no-regression', against, margin }) as const),
    ...(['accuracy', 'auc', 'macro-f1'] as const).map(
      (metric) => ({ name: 'no-regression', against, metric }) as const,
    ),
  ]),
}

const verdicts = ['PASS', 'WARN', 'NOT_ENOUGH_DATA', 'ERROR', 'BLOCK', 'NO_CHANGE', 'NOT_APPLICABLE']

const skilled = (n: number) => predictions(modelAnswers(n, makeRng(n)))
const worse = (n: number) => predictions(shiftedAnswers(modelAnswers(n, makeRng(n)), 0.2, 0.3, makeRng(9)))
const all = (n: number, p: number) => predictions(new Array<number>(n).fill(p))

/** What a check may be shown, usual and not. */
const situations: Readonly<Record<string, () => Evaluation>> = {
  'a first model': () => evaluationOf({ candidate: { onGate: skilled(300) } }),
  'a worse model': () =>
    evaluationOf({
      candidate: { onGate: worse(300) },
      base: { onGate: skilled(300) },
      champion: { onGate: skilled(300) },
      anchor: { onGate: skilled(300) },
    }),
  'the same answers from other weights': () =>
    evaluationOf({
      candidate: { onGate: skilled(300) },
      champion: { onGate: skilled(300) },
      anchor: { onGate: skilled(300) },
    }),
  'the same weights': () => {
    const same = { weightsSha256: 'a'.repeat(64), onGate: skilled(50) }
    return evaluationOf({ candidate: same, base: same, champion: same, anchor: same })
  },
  'certain and wrong': () =>
    evaluationOf({
      candidate: { onGate: all(40, 0) },
      champion: { onGate: all(40, 1) },
      anchor: { onGate: all(40, 1) },
    }),
  'certain and right': () =>
    evaluationOf({
      candidate: { onGate: all(40, 1) },
      champion: { onGate: all(40, 1) },
      anchor: { onGate: all(40, 1) },
    }),
  'one example': () =>
    evaluationOf({
      candidate: { onGate: all(1, 0.7) },
      champion: { onGate: all(1, 0.9) },
      anchor: { onGate: all(1, 0.9) },
    }),
  'two examples': () =>
    evaluationOf({
      candidate: { onGate: all(2, 0.7) },
      champion: { onGate: all(2, 0.9) },
      anchor: { onGate: all(2, 0.9) },
    }),
  'no examples': () =>
    evaluationOf({ candidate: { onGate: all(0, 1) }, champion: { onGate: all(0, 1) }, anchor: { onGate: all(0, 1) } }),
  'a model that changed examples confuse': () =>
    evaluationOf({
      candidate: { onGate: skilled(300), under: () => varied(all(300, 0.3)) },
      champion: { onGate: worse(300), under: () => varied(skilled(300)) },
    }),
  'cases that it fails': () =>
    evaluationOf({
      candidate: { onGate: skilled(300) },
      champion: { onGate: skilled(300) },
      cases: { candidate: all(30, 0.2), champion: skilled(30) },
    }),
  'cases, and no champion': () =>
    evaluationOf({ candidate: { onGate: skilled(300) }, cases: { candidate: skilled(30) } }),
  'a change that changes nothing': () => {
    const unmoved = { onGate: skilled(300), under: () => varied(skilled(300), new Uint8Array(300)) }
    return evaluationOf({ candidate: unmoved, champion: unmoved })
  },
  'declared segments, one of them empty': () =>
    evaluationOf({
      candidate: { onGate: worse(300) },
      base: { onGate: skilled(300) },
      champion: { onGate: skilled(300) },
      anchor: { onGate: skilled(300) },
      document: { segments: ['label', { columns: ['home'], critical: true }, { columns: ['label', 'home'] }] },
      columns: [
        {
          name: 'home',
          values: ['own', 'rent', 'tent'],
          codes: Int32Array.from({ length: 300 }, (_, i) => (i % 3) - 1),
        },
      ],
    }),
  'a champion that was measured elsewhere': () => {
    const home = { name: 'home', values: ['own', 'rent'], codes: Int32Array.from({ length: 300 }, (_, i) => i % 2) }
    const onGate = skilled(300)
    const elsewhere = { examples: examplesOf(onGate.labels, { columns: [home] }), predictions: onGate }
    return evaluationOf({
      candidate: { onGate: worse(300) },
      champion: { onGate, elsewhere },
      document: { segments: ['home'] },
      columns: [home],
    })
  },
  'a calibration split, and a champion with a line of its own': () =>
    evaluationOf({
      candidate: { onGate: worse(300) },
      champion: { onGate: skilled(300), calibrator: { method: 'platt', a: -2, b: 0.5 } },
      calibration: { candidate: worse(2000) },
      cases: { candidate: all(30, 0.2), champion: skilled(30) },
      document: { gate: { checks: [{ name: 'calibration', method: 'isotonic' }] } },
    }),
  'recorded predictions': () => {
    const recorded = (predictions: Predictions) => ({ onGate: predictions, again: null })
    return evaluationOf({
      candidate: recorded(worse(300)),
      base: recorded(skilled(300)),
      champion: recorded(skilled(300)),
      anchor: recorded(skilled(300)),
    })
  },
  'broken weights': () =>
    evaluationOf({
      candidate: { params: Float32Array.of(NaN, Infinity) },
      champion: { onGate: skilled(4) },
      anchor: { onGate: skilled(4) },
    }),
}

const entries = Object.values(specs)
  .flat()
  .map((spec): [string, GateCheckSpec] => [JSON.stringify(spec), spec])

it('tries every check of the registry', () => {
  expect(Object.keys(specs).sort()).toEqual(Object.keys(gateChecks).sort())
})

describe.each(entries)('gate check %s', (_, spec) => {
  const made = (): GateCheck => makeGateChecks([spec]).filter(({ name }) => name === spec.name)[0]!
  const judge = (situation: () => Evaluation): Promise<CheckResult> => made().judge(situation())

  it('is named as the task document names it', async () => {
    expect(made().name).toBe(spec.name)
    expect((await judge(situations['a worse model']!)).check).toBe(spec.name)
  })

  describe.each(Object.entries(situations))('shown %s', (_name, situation) => {
    it('answers with a verdict of the closed list and a sentence', async () => {
      const { verdict, reason } = await judge(situation)
      expect(verdicts).toContain(verdict)
      expect(reason).toMatch(/^[A-Z0-9].*\.$/)
    })
    it('gives each row a verdict and a sentence of its own', async () => {
      for (const row of (await judge(situation)).rows) {
        expect(verdicts).toContain(row.verdict)
        expect(row.reason).toMatch(/^[A-Z0-9].*\.$/)
        expect(row.metric).not.toBe('')
      }
    })
    it('answers with what JSON can hold: no NaN, no Infinity, nothing undefined', async () => {
      const result = await judge(situation)
      expect(JSON.parse(JSON.stringify(result))).toStrictEqual(result)
    })
    it('answers the same again, byte for byte', async () => {
      expect(JSON.stringify(await judge(situation))).toBe(JSON.stringify(await judge(situation)))
    })
  })

  it('does not touch what it is shown', async () => {
    const shown = situations['a worse model']!()
    const before = await Promise.all([shown.candidate.on('gate'), shown.candidate.params?.()].map(snapshot))
    await made().judge(shown)
    expect(await Promise.all([shown.candidate.on('gate'), shown.candidate.params?.()].map(snapshot))).toEqual(before)
  })
})

/** A floor of 0 is passed by anything, and these draw no conclusion from a sample. */
const deterministic: readonly GateCheckSpec['name'][] = ['integrity', 'pin', 'determinism', 'cases', 'reuse']
const inferring = entries.filter(
  ([, spec]) => !deterministic.includes(spec.name) && !(spec.name === 'floor' && spec.min === 0),
)

it.each(inferring)('gate check %s neither passes nor blocks on one example', async (_, spec) => {
  const check = makeGateChecks([spec]).at(-1)!
  const { verdict } = await check.judge(situations['one example']!())
  expect(['WARN', 'NOT_ENOUGH_DATA', 'NOT_APPLICABLE']).toContain(verdict)
})

const snapshot = async (value: unknown): Promise<unknown> => structuredClone(await value)
